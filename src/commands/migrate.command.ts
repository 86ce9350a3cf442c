import { InvalidArgumentError, type Command } from 'commander';
import { readMigrationUrl } from '../config';
import { withMigrator, type Reversion } from '../database';
import { confirm } from './confirm';
import { UsageError, withExamples } from './program';

const DEFAULT_WAIT_SECONDS = 60;
const MAX_WAIT_SECONDS = 86_400;

interface MigrateCommandOptions {
  revert?: boolean;
  yes?: boolean;
  force?: boolean;
  wait: number;
}

export function addMigrateCommand(program: Command): void {
  withExamples(
    program
      .command('migrate')
      .description('migrate the database; safe to run in several processes at once')
      .option('--revert', 'revert the last migration instead; asks first')
      .option('--yes', 'revert without asking')
      .option('--force', 'go on although processes of another version are connected')
      .option(
        '--wait <seconds>',
        'how long to wait for other sessions: for a running migration, and for a table in use',
        toWaitSeconds,
        DEFAULT_WAIT_SECONDS,
      )
      .action(async ({ revert = false, yes = false, force = false, wait }: MigrateCommandOptions) => {
        if (yes && !revert) throw new UsageError('--yes belongs to --revert: a migration asks nothing.');
        await withMigrator(readMigrationUrl(), { waitSeconds: wait, force }, async (migrator) => {
          if (!revert) {
            const applied = await migrator.apply();
            console.log(applied.length === 0 ? 'The database is up to date.' : lines('applied', applied));
            return;
          }
          const preview = await migrator.previewRevert();
          if (preview === null) console.log('There is no migration to revert.');
          else if (yes || (await confirm(question(preview)))) {
            const { name } = await migrator.revert(preview.name);
            console.log(`reverted ${name}\n${lines('removed', preview.removed)}`.trimEnd());
          } else console.log('Nothing was changed.');
        });
      }),
    'migrate',
    'migrate --wait 300',
    'migrate --revert',
  );
}

function question({ name, removed }: Reversion): string {
  const loss =
    removed.length === 0
      ? 'It removes no table and no column.'
      : `It removes, with everything that they contain:\n${lines('  -', removed)}`;
  return `This reverts the migration ${name}. ${loss}`;
}

function lines(word: string, names: string[]): string {
  return names.map((name) => `${word} ${name}`).join('\n');
}

function toWaitSeconds(text: string): number {
  const seconds = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (seconds < 1 || seconds > MAX_WAIT_SECONDS)
    throw new InvalidArgumentError(`It must be a whole number of seconds from 1 to ${MAX_WAIT_SECONDS}.`);
  return seconds;
}
