import { Option, type Command } from 'commander';
import {
  APPROVAL_ADVICE,
  ConnectionReconcilerService,
  ReconcileReportDto,
  SweepReportDto,
  SweepsService,
  type ReconcileReport,
  type SweepReport,
} from '../reconciliation';
import { confirm } from './confirm';
import { printJson, printTable } from './output';
import { EXIT_CODES, UsageError, withExamples } from './program';
import { assertReferenceId } from './reference-id';
import { withWholeService } from './with-whole-service';

const FINDINGS_PRINTED = 20;

interface SweepCommandOptions {
  dryRun?: boolean;
  force?: boolean;
  adopt?: boolean;
  yes?: boolean;
  json?: boolean;
}

export function addSweepCommand(program: Command): void {
  withExamples(
    program
      .command('sweep')
      .description(
        "read all of Terra's users and apply the corrections; exits with 3 when the sweep awaits approval",
      )
      .addOption(new Option('--dry-run', 'only print the corrections').conflicts('force'))
      .option('--force', 'approve the sweep that awaits approval, or start a sweep that needs no approval')
      .option('--adopt', 'connect all unknown Terra users with a reference id; prints them first, and asks')
      .option('--yes', 'adopt without asking')
      .option('--json', 'print the answer of GET /v1/sweeps/:id')
      .action(async ({ dryRun, force, adopt, yes, json }: SweepCommandOptions) => {
        if (yes && !adopt) throw new UsageError('--yes belongs to --adopt: a sweep asks nothing.');
        const report = await withWholeService(SweepsService, async (sweeps) => {
          if (adopt && !dryRun) {
            const preview = await runSweep(sweeps, { dryRun: true, adopt });
            const { sweep, counts } = preview;
            if (sweep.status !== 'completed') return preview;
            if (!json) printSweep(preview);
            if (sweep.approvalReason && !force) return void (process.exitCode = EXIT_CODES.awaitingApproval);
            const question = `This connects ${counts.link ?? 0} Terra users, and applies the other changes above.`;
            if (!yes && !(await confirm(question))) return console.log('Nothing was changed.');
          }
          return runSweep(sweeps, { dryRun, force, adopt });
        });
        if (!report) return;
        if (json) printJson(SweepReportDto.of(report));
        else printSweep(report);
      }),
    'sweep --dry-run',
    'sweep',
    'sweep --force',
    'sweep --adopt',
  );
}

async function runSweep(
  sweeps: SweepsService,
  request: Pick<SweepCommandOptions, 'dryRun' | 'force' | 'adopt'>,
): Promise<SweepReport> {
  const { id } = await sweeps.startAndRun({ ...request, actor: 'cli' });
  const report = await sweeps.report(id);
  const { status } = report.sweep;
  if (status === 'awaiting_approval') process.exitCode = EXIT_CODES.awaitingApproval;
  else if (status !== 'completed') process.exitCode = EXIT_CODES.failed;
  return report;
}

export function addReconcileCommand(program: Command): void {
  withExamples(
    program
      .command('reconcile <referenceId>')
      .description('compare one end user with Terra and apply the corrections')
      .option('--json', 'print the answer of POST /v1/end-users/:referenceId/reconcile')
      .action(async (referenceId: string, { json }: { json?: boolean }) => {
        assertReferenceId(referenceId);
        const report = await withWholeService(ConnectionReconcilerService, (reconciler) =>
          reconciler.reconcile(referenceId, { source: 'reconcile', actor: 'cli' }),
        );
        if (json) printJson(ReconcileReportDto.from(report));
        else printReconciliation(report);
      }),
    'reconcile user-4711',
  );
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
  printTable(
    findings.slice(0, FINDINGS_PRINTED).map(({ action, terraUserId, referenceId, outcome }) => ({
      action,
      'terra user': terraUserId,
      'end user': referenceId ?? 'unknown',
      outcome,
    })),
    'There is no difference between Terra and the service.',
  );
  if (findings.length > FINDINGS_PRINTED) console.log(`There are more: add --json.`);
  if (status === 'failed')
    console.log(
      `The sweep failed in phase ${phase}: ${errorCode}. A sweep that is requested within 6 hours of its start resumes there.`,
    );
  if (approvalReason && !forced) console.log(`Safety threshold: ${APPROVAL_ADVICE[approvalReason]}`);
}

function printReconciliation({ referenceId, terraUsers, changes, conclusion }: ReconcileReport): void {
  console.log(`${referenceId}: ${conclusion}; Terra users under this reference: ${terraUsers}`);
  printTable(
    changes.map(({ action, terraUserId }) => ({ action, 'terra user': terraUserId })),
    'There is nothing to correct.',
  );
}
