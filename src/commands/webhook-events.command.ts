import { Module, type DynamicModule } from '@nestjs/common';
import type { Command } from 'commander';
import { DATABASE_DEFAULTS, readDatabaseUrl, secretsOf } from '../config';
import { ClockModule } from '../database';
import {
  ListWebhookEventsDto,
  ReplayReportDto,
  ReplayWebhookEventsDto,
  WebhookEventsModule,
  WebhookEvent,
  WebhookEventDetailDto,
  WebhookEventDto,
  WebhookEventsService,
  type ReplayReport,
  type WebhookEventSummary,
} from '../webhooks';
import { asked, given } from './asked';
import { databaseModule } from './database.module';
import { printJson, printTable } from './output';
import { withExamples } from './program';
import { withService } from './with-service';

const ACTOR = 'cli';
const MAX_SHOWN = 100;

interface FilterOptions {
  status?: string;
  type?: string;
  user?: string;
  reference?: string;
  from?: string;
  to?: string;
}
interface ListOptions extends FilterOptions {
  limit?: string;
  cursor?: string;
  json?: boolean;
}
interface ReplayOptions extends FilterOptions {
  limit?: string;
  dryRun?: boolean;
  json?: boolean;
}

/** The command-line option for each field of the API. */
const OPTIONS: Record<string, string> = {
  status: '--status',
  type: '--type',
  terraUserId: '--user',
  referenceId: '--reference',
  receivedFrom: '--from',
  receivedTo: '--to',
  limit: '--limit',
  cursor: '--cursor',
};

/** Provides only what the commands for webhook events need: DATABASE_URL, and no Terra credentials. */
@Module({})
class WebhookEventsCommandModule {
  static forDatabase(url: string): DynamicModule {
    return {
      module: WebhookEventsCommandModule,
      imports: [
        databaseModule({ url, ...DATABASE_DEFAULTS }, [WebhookEvent]),
        ClockModule,
        WebhookEventsModule,
      ],
    };
  }
}

export function addWebhookEventsCommand(program: Command): void {
  const command = withExamples(
    program.command('webhook-events').description('read and replay the webhook events that Terra has sent'),
    'webhook-events list --status dead_lettered',
    'webhook-events replay --status dead_lettered --dry-run',
  );

  withExamples(
    withFilters(command.command('list').description('list webhook events, newest first'))
      .option('--limit <n>', 'maximum number of events (up to 200)')
      .option('--cursor <cursor>', 'where to continue, from the previous list')
      .option('--json', 'print the answer of GET /v1/webhook-events')
      .action(async ({ limit, cursor, json, ...filters }: ListOptions) => {
        const list = given({ ...toFilter(filters), limit, cursor });
        const { items, nextCursor } = await asked(ListWebhookEventsDto, list, OPTIONS, (query) =>
          withEvents((events) => events.list(query)),
        );
        if (json) printJson({ items: items.map((event) => WebhookEventDto.from(event)), nextCursor });
        else printEvents(items, nextCursor);
      }),
    'webhook-events list --status parked --limit 20',
    'webhook-events list --reference user-4711 --from 2026-11-23 --json',
  );

  withExamples(
    command
      .command('show <id>')
      .description('show one webhook event with its body, as JSON')
      .action(async (id: string) => {
        const event = await withEvents((events) => events.get(id));
        printJson(WebhookEventDetailDto.from(event));
      }),
    'webhook-events show 01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10',
  );

  withExamples(
    withFilters(command.command('replay [ids...]'))
      .description('replay events by id or by filter; they never override newer facts')
      .option('--limit <n>', 'maximum number of events, oldest first')
      .option('--dry-run', 'only report what would be replayed')
      .option('--json', 'print the answer of POST /v1/webhook-events/replay')
      .action(async (ids: string[], { limit, dryRun, json, ...filters }: ReplayOptions) => {
        const filter = toFilter(filters);
        const replay = given({
          ids: ids.length > 0 ? ids : undefined,
          filter: Object.keys(filter).length > 0 ? filter : undefined,
          limit: limit !== undefined && /^\d+$/.test(limit) ? Number(limit) : limit,
          dryRun,
        });
        const report = await asked(ReplayWebhookEventsDto, replay, OPTIONS, (selection) =>
          withEvents((events) => events.replay(selection, ACTOR)),
        );
        if (json) printJson(ReplayReportDto.from(report));
        else show(report);
      }),
    'webhook-events replay --status dead_lettered --dry-run',
    'webhook-events replay 01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10',
  );
}

function printEvents(items: WebhookEventSummary[], nextCursor: string | null): void {
  printTable(
    items.map((event) => ({
      id: event.id,
      received: event.receivedAt.toISOString(),
      type: event.type,
      status: event.status,
      user: event.terraUserId,
      reference: event.referenceId,
      note: event.note,
      replays: event.replays,
    })),
    'No webhook event matches.',
  );
  if (nextCursor) console.log(`There are more: --cursor ${nextCursor}`);
}

function withFilters(command: Command): Command {
  return command
    .option('--status <status>', 'pending, done, ignored, parked or dead_lettered')
    .option('--type <type>', "Terra's type: auth, deauth, …")
    .option('--user <id>', "Terra's user_id")
    .option('--reference <id>', 'your id of the end user')
    .option('--from <time>', 'received at or after: 2026-11-23 or 2026-11-23T09:30:00Z')
    .option('--to <time>', 'received before');
}

function toFilter({ status, type, user, reference, from, to }: FilterOptions): Record<string, unknown> {
  return given({
    status,
    type,
    terraUserId: user,
    referenceId: reference,
    receivedFrom: from,
    receivedTo: to,
  });
}

function withEvents<T>(work: (events: WebhookEventsService) => Promise<T>): Promise<T> {
  const url = readDatabaseUrl();
  return withService(
    { module: WebhookEventsCommandModule.forDatabase(url), secrets: secretsOf({ DATABASE_URL: url }) },
    WebhookEventsService,
    work,
  );
}

function show({ dryRun, replayed, skipped, remaining, events }: ReplayReport): void {
  console.log(`${dryRun ? 'Would be replayed' : 'Replayed'}: ${replayed}; already pending: ${skipped}.`);
  if (remaining > 0) console.log(`Not replayed because of --limit: ${remaining}.`);
  if (events.length === 0) return;
  printTable(
    events
      .slice(0, MAX_SHOWN)
      .map(({ id, type, status, terraUserId }) => ({ id, type, 'status before': status, user: terraUserId })),
    '',
  );
  if (events.length > MAX_SHOWN) console.log('There are more: add --json.');
}
