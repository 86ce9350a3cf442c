import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ApiIdParam, ApiProblems, BODY_PROBLEMS, EXAMPLE_ID, invalidField, PAGE_PROBLEM } from '../http';
import { ReplayWebhookEventsDto } from './dto/replay-webhook-events.dto';
import { ReplayReportDto } from './dto/replay-report.dto';
import { WebhookEventDetailDto, WebhookEventPageDto } from './dto/webhook-event.dto';

const UNKNOWN_IDS = { unknownIds: [EXAMPLE_ID] };

export const ApiListWebhookEvents = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'List webhook events',
      description:
        'Returns the events that Terra has sent, with their outcomes, newest first and without bodies.',
    }),
    ApiOkResponse({ description: 'A page of webhook events.', type: WebhookEventPageDto }),
    ApiProblems(PAGE_PROBLEM),
  );

export const ApiReadWebhookEvent = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({ summary: 'Read a webhook event', description: 'Returns the event with its body.' }),
    ApiIdParam('Id of the webhook event', 'GET /v1/webhook-events'),
    ApiOkResponse({ description: 'The webhook event.', type: WebhookEventDetailDto }),
    ApiProblems({
      404: { 'webhook_event.not_found': { when: 'No webhook event has this id.', members: UNKNOWN_IDS } },
    }),
  );

export const ApiReplayWebhookEvents = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Replay webhook events',
      description:
        'Choose the events by id or by a filter. The service processes them again within seconds. Each event keeps the time at which it happened, so an old event never overrides newer facts. Pending events stay unchanged.',
    }),
    ApiBody({
      type: ReplayWebhookEventsDto,
      examples: {
        dryRun: {
          summary: 'Only report the events of a filter',
          value: { filter: { status: 'dead_lettered' }, dryRun: true },
        },
        filter: { summary: 'Replay the events of a filter', value: { filter: { status: 'dead_lettered' } } },
        ids: {
          summary: 'Only report events by id; put in ids from `GET /v1/webhook-events`',
          value: { ids: [EXAMPLE_ID], dryRun: true },
        },
      },
    }),
    ApiOkResponse({
      description: 'The replayed events; in a dry run, the events that would be replayed.',
      type: ReplayReportDto,
    }),
    ApiProblems({
      ...BODY_PROBLEMS,
      404: {
        'webhook_event.not_found': {
          when: 'One of the `ids` is unknown, and nothing was replayed. `unknownIds` lists the unknown ids.',
          members: UNKNOWN_IDS,
        },
      },
      422: {
        'request.invalid': invalidField(
          'filter',
          'must have at least one field',
          'A field is not valid, or the request has neither `ids` nor a filter. `errors` names the field and the reason.',
        ),
      },
    }),
  );
