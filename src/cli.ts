#!/usr/bin/env node
import { Command } from 'commander';
import { addCommands } from './commands';
import { isDatabaseDown, hasSqlState, UNDEFINED_TABLE } from './common';
import { MIGRATE_COMMAND } from './database';
import { VERSION } from './version';

async function main(): Promise<void> {
  const program = new Command('terra-connect')
    .description('Commands for operators of Terra Connect. They read the same environment as the service.')
    .version(VERSION)
    .showHelpAfterError();
  await addCommands(program, process.argv[2]);
  await program.parseAsync();
}

main().catch((error: unknown) => {
  process.stderr.write(`terra-connect: ${describe(error)}\n`);
  process.exit(1);
});

function describe(error: unknown): string {
  const message = error instanceof Error ? error.message || error.name : String(error);
  if (isDatabaseDown(error)) return `Postgres does not answer at DATABASE_URL (${message || codeOf(error)}).`;
  if (hasSqlState(error, UNDEFINED_TABLE))
    return `The database has no tables yet: run ${MIGRATE_COMMAND} first.`;
  return message;
}

// When all addresses of a host fail, the error has no message.
function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : 'no connection';
}
