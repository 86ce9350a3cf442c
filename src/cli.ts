#!/usr/bin/env node
import { Command } from 'commander';
import {
  addApiKeyCommand,
  addDoctorCommand,
  addMigrateCommand,
  addReconcileCommand,
  addSweepCommand,
  addWebhookEventsCommand,
} from './commands';
import { isConnectionLost, hasSqlState, UNDEFINED_TABLE } from './common';
import { MIGRATE_COMMAND } from './database';
import { VERSION } from './version';

const program = new Command('terra-connect')
  .description('Commands for those who run Terra Connect. They read the environment like the service does.')
  .version(VERSION)
  .showHelpAfterError();
addMigrateCommand(program);
addApiKeyCommand(program);
addWebhookEventsCommand(program);
addReconcileCommand(program);
addSweepCommand(program);
addDoctorCommand(program);

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`terra-connect: ${describe(error)}\n`);
  process.exit(1);
});

function describe(error: unknown): string {
  const message = error instanceof Error ? error.message || error.name : String(error);
  if (isConnectionLost(error)) return `No PostgreSQL answers at DATABASE_URL (${message || codeOf(error)}).`;
  if (hasSqlState(error, UNDEFINED_TABLE))
    return `The database has no tables yet: run ${MIGRATE_COMMAND} first.`;
  return message;
}

// Several addresses of one host fail as one error without a text.
function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : 'no connection';
}
