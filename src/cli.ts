#!/usr/bin/env node
import { CommanderError } from 'commander';
import { addCommands, createProgram, exitCodeOf } from './commands';
import { describeDatabaseError } from './database';
import { VERSION } from './version';

async function main(): Promise<void> {
  const program = createProgram(VERSION);
  await addCommands(program, process.argv[2]);
  await program.parseAsync();
}

main().catch((error: unknown) => {
  // Commander has already printed its own errors, and the help and the version.
  if (!(error instanceof CommanderError)) process.stderr.write(`terra-connect: ${describe(error)}\n`);
  process.exit(exitCodeOf(error));
});

function describe(error: unknown): string {
  return (
    describeDatabaseError(error) ?? (error instanceof Error ? error.message || error.name : String(error))
  );
}
