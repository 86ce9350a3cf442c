import { Body, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiParam } from '@nestjs/swagger';
import { CurrentCaller, RequireScope, RestController, type Caller } from '../api-keys';
import { ApiProblems } from '../http';
import { ListWebhookEventsDto } from './dto/list-webhook-events.dto';
import { ReplayReportDto } from './dto/replay-report.dto';
import { ReplayWebhookEventsDto } from './dto/replay-webhook-events.dto';
import { WebhookEventPageDto } from './dto/webhook-event-page.dto';
import { WebhookEventDetailDto } from './dto/webhook-event.dto';
import { WebhookEventsService } from './webhook-events.service';

const UNKNOWN = { unknownIds: ['01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10'] };

@RestController('v1/webhook-events', 'Webhook events')
export class WebhookEventsController {
  constructor(private readonly events: WebhookEventsService) {}

  /**
   * Lists webhook events
   * @remarks What Terra has sent and what came of it, newest first; without the bodies.
   */
  @Get()
  @RequireScope('admin')
  @ApiOkResponse({ description: 'A page of the list.', type: WebhookEventPageDto })
  @ApiProblems({
    422: {
      'request.invalid': {
        when: 'A filter or the cursor cannot be accepted; `errors` names it.',
        members: {
          errors: [{ field: 'status', detail: 'must be one of pending, done, ignored, parked, dead' }],
        },
      },
    },
  })
  async list(@Query() filter: ListWebhookEventsDto): Promise<WebhookEventPageDto> {
    return WebhookEventPageDto.from(await this.events.list(filter));
  }

  /** Reads one webhook event and its body */
  @Get(':id')
  @RequireScope('admin')
  @ApiParam({
    name: 'id',
    format: 'uuid',
    description: 'Id of the event.',
    example: '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10',
  })
  @ApiOkResponse({ description: 'The event.', type: WebhookEventDetailDto })
  @ApiProblems({ 404: { 'webhook_event.not_found': { when: 'There is no such event.', members: UNKNOWN } } })
  async get(@Param('id') id: string): Promise<WebhookEventDetailDto> {
    return WebhookEventDetailDto.from(await this.events.get(id));
  }

  /**
   * Works webhook events off again
   * @remarks Named by id, or found by a filter. They are worked off within seconds, and keep the time at which they happened: what is older than what is known changes nothing. Events that are pending are left as they are.
   */
  @Post('replay')
  @HttpCode(200)
  @RequireScope('admin')
  @ApiOkResponse({ description: 'What is done, or in a dry run would be.', type: ReplayReportDto })
  @ApiProblems({
    400: { 'request.malformed': 'The body is not JSON.' },
    404: {
      'webhook_event.not_found': {
        when: 'One of `ids` is unknown; nothing was replayed. `unknownIds` names it.',
        members: UNKNOWN,
      },
    },
    413: { 'request.too_large': 'The body is larger than 1 MB.' },
    415: { 'request.unsupported_media_type': 'The body is not sent as application/json.' },
    422: {
      'request.invalid': {
        when: 'A field cannot be accepted, or it is not said which events are meant; `errors` names it.',
        members: { errors: [{ field: 'filter', detail: 'must name at least one thing to go by' }] },
      },
    },
  })
  async replay(
    @Body() request: ReplayWebhookEventsDto,
    @CurrentCaller() caller: Caller,
  ): Promise<ReplayReportDto> {
    return ReplayReportDto.from(await this.events.replay(request, caller.apiKeyId));
  }
}
