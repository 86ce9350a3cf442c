import type { Command } from 'commander';
import { describeReferenceIdProblem } from '../common';
import { readEnvironment, secretsOf } from '../config';
import {
  APPROVAL_ADVICE,
  ConnectionReconcilerService,
  SweepsService,
  type ReconcileReport,
  type SweepReport,
} from '../reconciliation';
import { confirm } from './confirm';
import { WholeServiceModule } from './whole-service.module';
import { withService } from './with-service';

const FAILED = 1;
const AWAITING_APPROVAL = 3;
const FINDINGS_PRINTED = 20;

interface SweepCommandOptions {
  dryRun?: boolean;
  force?: boolean;
  adopt?: boolean;
  yes?: boolean;
}

export function addSweepCommand(program: Command): void {
  program
    .command('sweep')
    .description(
      "read all of Terra's users and apply the corrections; exits with 3 when the sweep awaits approval",
    )
    .option('--dry-run', 'only print the corrections')
    .option('--force', 'approve the sweep that awaits approval, or start a sweep that needs no approval')
    .option('--adopt', 'connect all unknown Terra users with a reference id; prints them first, and asks')
    .option('--yes', 'adopt without asking')
    .action(async ({ dryRun, force, adopt, yes }: SweepCommandOptions) => {
      const environment = readEnvironment();
      const setup = {
        module: WholeServiceModule.forEnvironment(environment),
        secrets: secretsOf(environment),
      };
      await withService(setup, SweepsService, async (sweeps) => {
        if (adopt && !dryRun) {
          const { sweep, counts } = await runSweep(sweeps, { dryRun: true, adopt });
          if (sweep.status !== 'completed') return;
          if (sweep.approvalReason && !force) return void (process.exitCode = AWAITING_APPROVAL);
          const question = `This connects ${counts.link ?? 0} Terra users, and applies the other changes above.`;
          if (!yes && !(await confirm(question))) return console.log('Nothing was changed.');
        }
        await runSweep(sweeps, { dryRun, force, adopt });
      });
    });
}

async function runSweep(
  sweeps: SweepsService,
  request: Pick<SweepCommandOptions, 'dryRun' | 'force' | 'adopt'>,
): Promise<SweepReport> {
  const { id } = await sweeps.startAndRun({ ...request, actor: 'cli' });
  const report = await sweeps.report(id);
  printSweep(report);
  const { status } = report.sweep;
  if (status === 'awaiting_approval') process.exitCode = AWAITING_APPROVAL;
  else if (status !== 'completed') process.exitCode = FAILED;
  return report;
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
    forced,
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
  if (approvalReason && !forced) console.log(`Safety threshold: ${APPROVAL_ADVICE[approvalReason]}`);
}

function printReconciliation({ referenceId, terraUsers, changes, conclusion }: ReconcileReport): void {
  console.log(`${referenceId}: ${conclusion}; Terra users under this reference: ${terraUsers}`);
  for (const { action, terraUserId } of changes) console.log(`  - ${action} ${terraUserId}`);
}
