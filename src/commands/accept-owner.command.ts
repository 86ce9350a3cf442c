import type { Command } from 'commander';
import { validate as isUuid } from 'uuid';
import { describeReasonProblem, OwnerAcceptanceService } from '../connections';
import { UsageError, withExamples } from './program';
import { assertReferenceId } from './reference-id';
import { withWholeService } from './with-whole-service';

export function addAcceptOwnerCommand(program: Command): void {
  withExamples(
    program
      .command('accept-owner <connectionId>')
      .description(
        'accept the end user that Terra names as the owner of the account, after a correction at Terra',
      )
      .requiredOption('--reason <text>', 'why; it stays in the history of the connection')
      .option(
        '--reference-id <id>',
        'the end user that you expect Terra to name; for another one, nothing changes',
      )
      .action(async (id: string, { reason, referenceId }: { reason: string; referenceId?: string }) => {
        if (!isUuid(id)) throw new UsageError('The id of a connection is a UUID.');
        const problem = describeReasonProblem(reason);
        if (problem) throw new UsageError(`The reason ${problem}.`);
        if (referenceId !== undefined) assertReferenceId(referenceId);
        const accepted = await withWholeService(OwnerAcceptanceService, (owners) =>
          owners.accept(id, { actor: 'cli', reason, referenceId }),
        );
        console.log(`connection ${accepted.id} of ${accepted.referenceId}: ${accepted.status}`);
      }),
    'accept-owner 01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10 --reason "wrong reference at Terra"',
  );
}
