import { Command, CommanderError } from 'commander';

/** The exit codes of every command. Scripts read them, so they are part of the interface. */
export const EXIT_CODES = { succeeded: 0, failed: 1, wrongUsage: 2, awaitingApproval: 3 } as const;

/** The command line is wrong: the command did nothing. */
export class UsageError extends Error {}

/** The program without its commands. It throws instead of ending the process; see `exitCodeOf`. */
export function createProgram(version: string): Command {
  return new Command('terra-connect')
    .description(
      'Commands for operators of Terra Connect. They read the same environment as the service, and write log lines ' +
        'from level warn on to stderr (LOG_LEVEL).',
    )
    .version(version)
    .showHelpAfterError('Add --help for the options and examples.')
    .addHelpText(
      'after',
      `
Exit codes:
  ${EXIT_CODES.succeeded}  the command succeeded; doctor also for an end user who needs attention
  ${EXIT_CODES.failed}  the command failed; the reason is on stderr
  ${EXIT_CODES.wrongUsage}  the command line is wrong; nothing was done
  ${EXIT_CODES.awaitingApproval}  sweep: its changes await approval; nothing was changed`,
    )
    .exitOverride()
    .hook('preAction', (_, command) => assertNothingEmpty(command));
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT_CODES.succeeded;
  const isUsage = error instanceof CommanderError || error instanceof UsageError;
  return isUsage ? EXIT_CODES.wrongUsage : EXIT_CODES.failed;
}

/** Adds examples to the help of a command. They are command lines after `terra-connect`. */
export function withExamples(command: Command, ...examples: string[]): Command {
  const lines = examples.map((example) => `  terra-connect ${example}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

// An empty value is a variable of a script that was not set. It must not count as an absent option or as a name.
function assertNothingEmpty(command: Command): void {
  for (const option of command.options) {
    const value: unknown = command.getOptionValue(option.attributeName());
    if (typeof value === 'string' && value.trim() === '')
      throw new UsageError(`${option.long} must not be empty.`);
  }
  if (command.args.some((argument) => argument.trim() === ''))
    throw new UsageError('An argument must not be empty.');
}
