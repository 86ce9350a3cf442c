import { Body, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CurrentCaller, RequireScope, RestController, type Caller } from '../api-keys';
import { ReplayReportDto } from './dto/replay-report.dto';
import { ReplayWebhookEventsDto } from './dto/replay-webhook-events.dto';
import { ListWebhookEventsDto } from './dto/webhook-event-filter.dto';
import { WebhookEventDetailDto, WebhookEventPageDto } from './dto/webhook-event.dto';
import { ApiListWebhookEvents, ApiReadWebhookEvent, ApiReplayWebhookEvents } from './webhook-events.openapi';
import { WebhookEventsService } from './webhook-events.service';

@RestController('v1/webhook-events', 'Webhook events')
export class WebhookEventsController {
  constructor(private readonly events: WebhookEventsService) {}

  @Get()
  @RequireScope('admin')
  @ApiListWebhookEvents()
  async list(@Query() filter: ListWebhookEventsDto): Promise<WebhookEventPageDto> {
    return WebhookEventPageDto.from(await this.events.list(filter));
  }

  @Get(':id')
  @RequireScope('admin')
  @ApiReadWebhookEvent()
  async get(@Param('id') id: string): Promise<WebhookEventDetailDto> {
    return WebhookEventDetailDto.from(await this.events.get(id));
  }

  @Post('replay')
  @HttpCode(200)
  @RequireScope('admin')
  @ApiReplayWebhookEvents()
  async replay(
    @Body() request: ReplayWebhookEventsDto,
    @CurrentCaller() caller: Caller,
  ): Promise<ReplayReportDto> {
    return ReplayReportDto.from(await this.events.replay(request, caller.apiKeyId));
  }
}
