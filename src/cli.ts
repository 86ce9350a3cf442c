#!/usr/bin/env node
import { Command } from 'commander';
import { addApiKeyCommand, addMigrateCommand } from './commands';
import { VERSION } from './version';

const program = new Command('terra-connect')
  .description('Commands for those who run Terra Connect. They read the environment like the service does.')
  .version(VERSION)
  .showHelpAfterError();
addMigrateCommand(program);
addApiKeyCommand(program);

program.parseAsync().catch((error: unknown) => {
  const message = error instanceof Error ? error.message || error.name : String(error);
  process.stderr.write(`terra-connect: ${message}\n`);
  process.exit(1);
});
