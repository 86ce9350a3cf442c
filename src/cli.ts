#!/usr/bin/env node
import { Command } from 'commander';
import { addCommands } from './commands';
import { describeDatabaseError } from './database';
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
  return (
    describeDatabaseError(error) ?? (error instanceof Error ? error.message || error.name : String(error))
  );
}
