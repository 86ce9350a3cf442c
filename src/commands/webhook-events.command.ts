import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Command } from 'commander';
import { ClockModule, RequestInvalidError } from '../common';
import { readDatabaseUrl } from '../config';
import { dataSourceOptions } from '../database';
import {
  ListWebhookEventsDto,
  ReplayWebhookEventsDto,
  WebhookEventsModule,
  WebhookEvent,
  WebhookEventDetailDto,
  WebhookEventsService,
  type ReplayReport,
} from '../webhooks';
import { withService } from './with-service';
import { requestValidation } from '../http';

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
}
interface ReplayOptions extends FilterOptions {
  limit?: string;
  dryRun?: boolean;
}

/** By the name that the API has for it. */
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

/** Just enough of the house to look through past webhooks: needs DATABASE_URL and nothing of Terra's. */
@Module({})
class WebhookEventsCommandModule {
  static forDatabase(url: string): DynamicModule {
    return {
      module: WebhookEventsCommandModule,
      imports: [
        TypeOrmModule.forRoot({ ...dataSourceOptions(url, [WebhookEvent]), retryAttempts: 0 }),
        ClockModule,
        WebhookEventsModule,
      ],
    };
  }
}

export function addWebhookEventsCommand(program: Command): void {
  const command = program
    .command('webhook-events')
    .description('look through what Terra has sent, and have it worked off again');

  withFilters(command.command('list').description('list webhook events, newest first'))
    .option('--limit <n>', 'how many (up to 200)')
    .option('--cursor <cursor>', 'where to read on, as the list before said')
    .action(async ({ limit, cursor, ...filters }: ListOptions) => {
      const asked = given({ ...toFilter(filters), limit, cursor });
      const { items, nextCursor } = await request(ListWebhookEventsDto, asked, (events, query) =>
        events.list(query),
      );
      console.table(
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
      );
      if (nextCursor) console.log(`There are more: --cursor ${nextCursor}`);
    });

  command
    .command('show <id>')
    .description('show one webhook event with what it says')
    .action(async (id: string) => {
      const event = await withEvents((events) => events.get(id));
      console.log(JSON.stringify(WebhookEventDetailDto.from(event), null, 2));
    });

  withFilters(command.command('replay [ids...]'))
    .description(
      'have events worked off again, by id or by filter; what is older than what is known changes nothing',
    )
    .option('--limit <n>', 'how many at the most, oldest first')
    .option('--dry-run', 'say what would be done, and do nothing')
    .action(async (ids: string[], { limit, dryRun, ...filters }: ReplayOptions) => {
      const filter = toFilter(filters);
      const asked = given({
        ids: ids.length > 0 ? ids : undefined,
        filter: Object.keys(filter).length > 0 ? filter : undefined,
        limit: limit === undefined ? undefined : Number(limit),
        dryRun,
      });
      const report = await request(ReplayWebhookEventsDto, asked, (events, selection) =>
        events.replay(selection, ACTOR),
      );
      show(report);
    });
}

function withFilters(command: Command): Command {
  return command
    .option('--status <status>', 'pending, done, ignored, parked or dead')
    .option('--type <type>', "Terra's type: auth, deauth, …")
    .option('--user <id>', "Terra's id of the user whom they are about")
    .option('--reference <id>', 'your id of the end user whom they name')
    .option('--from <time>', 'received then or later: 2026-11-23 or 2026-11-23T09:30:00Z')
    .option('--to <time>', 'received earlier than this');
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

function given(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** What the API accepts the command line accepts; what is refused is named by its options. */
async function request<Dto extends object, Answer>(
  shape: Type<Dto>,
  asked: Record<string, unknown>,
  work: (events: WebhookEventsService, dto: Dto) => Promise<Answer>,
): Promise<Answer> {
  try {
    const dto = (await requestValidation.transform(asked, { type: 'body', metatype: shape })) as Dto;
    return await withEvents((events) => work(events, dto));
  } catch (error) {
    throw error instanceof RequestInvalidError ? new Error(inOurWords(error)) : error;
  }
}

function withEvents<T>(work: (events: WebhookEventsService) => Promise<T>): Promise<T> {
  return withService(WebhookEventsCommandModule.forDatabase(readDatabaseUrl()), WebhookEventsService, work);
}

function inOurWords({ details }: RequestInvalidError): string {
  const errors = details.errors as { field: string; detail: string }[];
  return errors
    .map(({ field, detail }) => `${OPTIONS[field.replace('filter.', '')] ?? field} ${detail}`)
    .join('; ');
}

function show({ dryRun, replayed, skipped, remaining, events }: ReplayReport): void {
  console.log(
    `${dryRun ? 'Would be worked' : 'Worked'} off again: ${replayed}; pending already: ${skipped}.`,
  );
  if (remaining > 0) console.log(`Left alone because of --limit: ${remaining}.`);
  if (events.length > 0) console.table(events.slice(0, MAX_SHOWN));
}
