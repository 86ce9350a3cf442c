import type { Command } from 'commander';
import {
  CreateWebhookEndpointDto,
  DeliveriesService,
  EndpointsService,
  EndpointTestService,
  RepeatDeliveriesDto,
  RotateSecretDto,
  UpdateWebhookEndpointDto,
  WebhookEndpointListDto,
} from '../events';
import { asked, given } from './asked';
import { confirm } from './confirm';
import { printJson, printTable } from './output';
import { UsageError, withExamples } from './program';
import { withWholeService } from './with-whole-service';

const ID = '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10';

/** The command-line option for each field of the API. */
const OPTIONS: Record<string, string> = {
  url: '--url',
  types: '--types',
  description: '--description',
  overlapHours: '--overlap-hours',
  from: '--from',
  after: '--after',
  limit: '--limit',
};

interface SettingsOptions {
  url?: string;
  types?: string;
  description?: string;
}

export function addEndpointCommand(program: Command): void {
  const command = withExamples(
    program.command('endpoint').description('manage the webhook endpoints that receive events'),
    'endpoint create --url https://hooks.example.com/terra --types connection.*,end_user.erased',
    'endpoint list',
  );
  addSettings(command);
  addSecret(command);
  addDeliveries(command);
}

function addSettings(command: Command): void {
  withExamples(
    command
      .command('create')
      .description('create an endpoint, and print its secret')
      .requiredOption('--url <url>', 'where to send events')
      .requiredOption('--types <list>', 'comma-separated: connection.connected, connection.*, data.*, …')
      .option('--description <text>', 'your note')
      .option('--disabled', 'send nothing until the endpoint is enabled')
      .action(async ({ disabled, ...options }: SettingsOptions & { disabled?: boolean }) => {
        const request = { ...toSettings(options), enabled: disabled !== true };
        const { id, secret } = await asked(
          CreateWebhookEndpointDto,
          request,
          OPTIONS,
          ({ description = null, ...settings }) =>
            withWholeService(EndpointsService, (endpoints) => endpoints.create({ ...settings, description })),
        );
        printSecret(id, secret);
      }),
    'endpoint create --url https://hooks.example.com/terra --types connection.*,end_user.erased',
  );
  withExamples(
    command
      .command('list')
      .description('list the endpoints, without their secrets')
      .option('--json', 'print the answer of GET /v1/webhook-endpoints')
      .action(async ({ json }: { json?: boolean }) => {
        const { items } = WebhookEndpointListDto.from(
          await withWholeService(EndpointsService, (endpoints) => endpoints.list()),
        );
        if (json) return printJson({ items });
        printTable(
          items.map(({ id, url, types, enabled, disabledReason, failingSince }) => ({
            id,
            url,
            types: types.join(','),
            state: enabled ? 'enabled' : `disabled: ${disabledReason}`,
            'failing since': failingSince?.toISOString(),
          })),
          'There are no webhook endpoints.',
        );
      }),
    'endpoint list --json',
  );
  withExamples(
    command
      .command('update <id>')
      .description('change an endpoint')
      .option('--url <url>', 'where to send events')
      .option('--types <list>', 'comma-separated, instead of the present ones')
      .option('--description <text>', 'your note')
      .option('--enable', 'send events, and forget earlier failures')
      .option('--disable', 'send nothing')
      .action(
        async (
          id: string,
          { enable, disable, ...options }: SettingsOptions & { enable?: boolean; disable?: boolean },
        ) => {
          if (enable && disable) throw new UsageError('--enable and --disable exclude each other.');
          const enabled = enable ? true : disable ? false : undefined;
          await asked(
            UpdateWebhookEndpointDto,
            given({ ...toSettings(options), enabled }),
            OPTIONS,
            (changes) => withWholeService(EndpointsService, (endpoints) => endpoints.update(id, changes)),
          );
          console.log(`updated ${id}`);
        },
      ),
    `endpoint update ${ID} --enable`,
  );
  withExamples(
    command
      .command('delete <id>')
      .description('delete an endpoint and its deliveries')
      .option('--yes', 'do not ask')
      .action(async (id: string, { yes }: { yes?: boolean }) => {
        if (!yes && !(await confirm(`The endpoint ${id} and its deliveries will be deleted.`))) return;
        await withWholeService(EndpointsService, (endpoints) => endpoints.delete(id));
        console.log(`deleted ${id}`);
      }),
    `endpoint delete ${ID} --yes`,
  );
}

function addSecret(command: Command): void {
  withExamples(
    command
      .command('rotate <id>')
      .description('create a new secret and print it; the old one signs, too, for some hours')
      .option('--overlap-hours <n>', 'for how many hours (default: 24)')
      .action(async (id: string, { overlapHours }: { overlapHours?: string }) => {
        const request = given({ overlapHours: toNumber(overlapHours) });
        const { secret } = await asked(RotateSecretDto, request, OPTIONS, (rotation) =>
          withWholeService(EndpointsService, (endpoints) =>
            endpoints.rotateSecret(id, rotation.overlapHours),
          ),
        );
        printSecret(id, secret);
      }),
    `endpoint rotate ${ID} --overlap-hours 48`,
  );
}

function addDeliveries(command: Command): void {
  withExamples(
    command
      .command('test <id>')
      .description('send a test event; the exit code is 1 if the endpoint does not accept it')
      .action(async (id: string) => {
        const { accepted, status, error, ms } = await withWholeService(EndpointTestService, (tests) =>
          tests.send(id),
        );
        if (!accepted) throw new Error(`The endpoint has not accepted the test event: ${status ?? error}.`);
        console.log(`accepted after ${ms} ms`);
      }),
    `endpoint test ${ID}`,
  );
  withExamples(
    command
      .command('repeat <id>')
      .description('deliver events again: one, or those from a time on')
      .option('--event <id>', 'only this event')
      .option('--from <time>', 'stored at or after: 2026-11-23 or 2026-11-23T09:30:00Z')
      .option('--after <id>', 'to go on after an event')
      .option('--limit <n>', 'maximum number of events (default: 1000)')
      .action(
        async (
          id: string,
          { event, limit, ...start }: { event?: string; from?: string; after?: string; limit?: string },
        ) => {
          if (event !== undefined) {
            if (Object.keys(start).length > 0) throw new UsageError('--event excludes --from and --after.');
            await withWholeService(DeliveriesService, (deliveries) => deliveries.repeatOne(id, event));
            return console.log('repeated: 1');
          }
          const request = given({ ...start, limit: toNumber(limit) });
          const { repeated, nextAfter } = await asked(RepeatDeliveriesDto, request, OPTIONS, (selection) =>
            withWholeService(DeliveriesService, (deliveries) => deliveries.repeatFrom(id, selection)),
          );
          console.log(`repeated: ${repeated}`);
          if (nextAfter !== null) console.log(`There may be more: --after ${nextAfter}`);
        },
      ),
    `endpoint repeat ${ID} --from 2026-11-23`,
    `endpoint repeat ${ID} --event 01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a11`,
  );
}

function toSettings({ types, ...options }: SettingsOptions): Record<string, unknown> {
  return given({ ...options, types: types?.split(',').map((type) => type.trim()) });
}

function toNumber(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : text;
}

function printSecret(id: string, secret: string): void {
  console.log(`id:     ${id}\nsecret: ${secret}\nStore the secret now: it is not shown again.`);
}
