import type { Command } from 'commander';
import { describeReferenceIdProblem } from '../common';
import { readEnvironment, secretsOf } from '../config';
import {
  ConnectionReconcilerService,
  SweepsService,
  type ReconcileReport,
  type SweepReport,
} from '../reconciliation';
import { WholeServiceModule } from './whole-service.module';
import { withService } from './with-service';

const FAILED = 1;
const AWAITING_APPROVAL = 3;
const FINDINGS_PRINTED = 20;

export function addSweepCommand(program: Command): void {
  program
    .command('sweep')
    .description(
      "read all of Terra's users and apply the corrections; exits with 3 when the sweep awaits approval",
    )
    .option('--dry-run', 'only print the corrections')
    .option('--force', 'approve the sweep that awaits approval, or start a sweep that needs no approval')
    .action(async ({ dryRun, force }: { dryRun?: boolean; force?: boolean }) => {
      const environment = readEnvironment();
      const setup = {
        module: WholeServiceModule.forEnvironment(environment),
        secrets: secretsOf(environment),
      };
      const report = await withService(setup, SweepsService, async (sweeps) => {
        const { id } = await sweeps.startAndRun({ dryRun, force, actor: 'cli' });
        return sweeps.report(id);
      });
      printSweep(report);
      const { status } = report.sweep;
      if (status === 'awaiting_approval') process.exitCode = AWAITING_APPROVAL;
      else if (status !== 'completed') process.exitCode = FAILED;
    });
}

export function addReconcileCommand(program: Command): void {
  program
    .command('reconcile <referenceId>')
    .description('compare one end user with Terra and apply the corrections')
    .action(async (referenceId: string) => {
      const problem = describeReferenceIdProblem(referenceId);
      if (problem) throw new Error(`The reference id ${problem}.`);
      const environment = readEnvironment();
      const setup = {
        module: WholeServiceModule.forEnvironment(environment),
        secrets: secretsOf(environment),
      };
      const report = await withService(setup, ConnectionReconcilerService, (reconciler) =>
        reconciler.reconcile(referenceId, { source: 'reconcile', actor: 'cli' }),
      );
      printReconciliation(report);
    });
}

function printSweep({ sweep, counts, findings }: SweepReport): void {
  const {
    id,
    status,
    phase,
    dryRun,
    usersSeen,
    unreadable,
    live,
    changes,
    applied,
    approvalReason,
    errorCode,
  } = sweep;
  console.log(`sweep ${id}: ${status}${dryRun ? ' (dry run: nothing was changed)' : ''}`);
  console.log(
    `users at Terra: ${usersSeen}${unreadable > 0 ? `, and ${unreadable} entries that cannot be read` : ''}`,
  );
  console.log(
    `live connections in this service (active, needs_reauth or disconnecting): ${live ?? 'not counted'}`,
  );
  console.log(`changes found: ${changes}, applied: ${applied}`);
  for (const [action, count] of Object.entries(counts)) console.log(`  ${action}: ${count}`);
  for (const { action, terraUserId, referenceId, outcome } of findings.slice(0, FINDINGS_PRINTED)) {
    console.log(
      `  - ${action} ${terraUserId} of ${referenceId ?? 'an unknown end user'}${outcome ? `: ${outcome}` : ''}`,
    );
  }
  if (status === 'failed')
    console.log(
      `The sweep failed in phase ${phase}: ${errorCode}. A sweep that is requested within 6 hours of its start resumes there.`,
    );
  if (approvalReason === 'empty_list')
    console.log('Safety threshold: Terra listed no user, but the service has live connections.');
  if (approvalReason === 'too_many_changes')
    console.log('Safety threshold: a sweep may not apply so many changes without approval.');
  if (status === 'awaiting_approval')
    console.log('Nothing was changed. To approve the changes: terra-connect sweep --force');
}

function printReconciliation({ referenceId, terraUsers, changes, conclusion }: ReconcileReport): void {
  console.log(`${referenceId}: ${conclusion}; Terra users under this reference: ${terraUsers}`);
  for (const { action, terraUserId } of changes) console.log(`  - ${action} ${terraUserId}`);
}
