import type { Command } from 'commander';

export { createProgram, exitCodeOf } from './program';

type AddCommand = (program: Command) => void;

// Each command loads only what it needs: most of them load the whole service, which takes twice as long as `migrate`.
const COMMANDS = new Map<string, () => Promise<AddCommand>>([
  ['migrate', async () => (await import('./migrate.command.js')).addMigrateCommand],
  ['api-key', async () => (await import('./api-key.command.js')).addApiKeyCommand],
  ['webhook-events', async () => (await import('./webhook-events.command.js')).addWebhookEventsCommand],
  ['endpoint', async () => (await import('./endpoint.command.js')).addEndpointCommand],
  ['nats', async () => (await import('./nats.command.js')).addNatsCommand],
  ['reconcile', async () => (await import('./reconciliation.commands.js')).addReconcileCommand],
  ['accept-owner', async () => (await import('./accept-owner.command.js')).addAcceptOwnerCommand],
  ['sweep', async () => (await import('./reconciliation.commands.js')).addSweepCommand],
  ['doctor', async () => (await import('./doctor.command.js')).addDoctorCommand],
]);

/** Adds the command with that name to the program. For any other name it adds all commands, so that the help lists them. */
export async function addCommands(program: Command, name = ''): Promise<void> {
  const load = COMMANDS.get(name);
  for (const add of await Promise.all((load ? [load] : [...COMMANDS.values()]).map((one) => one())))
    add(program);
}
