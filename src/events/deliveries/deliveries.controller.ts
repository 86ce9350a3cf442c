import { Body, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { RequireScope, RestController } from '../../api-keys';
import {
  ApiListDeliveries,
  ApiRepeatDeliveries,
  ApiRepeatDelivery,
  ApiTestEndpoint,
} from './deliveries.openapi';
import { DeliveriesService } from './deliveries.service';
import { EndpointTestDto } from './dto/endpoint-test.dto';
import { EventDeliveryPageDto, ListEventDeliveriesDto } from './dto/event-delivery.dto';
import { RepeatDeliveriesDto, RepeatReportDto } from './dto/repeat-deliveries.dto';
import { EndpointTestService } from './endpoint-test.service';

@RestController('v1/webhook-endpoints', 'Webhook endpoints')
export class EventDeliveriesController {
  constructor(
    private readonly deliveries: DeliveriesService,
    private readonly tests: EndpointTestService,
  ) {}

  @Get(':id/deliveries')
  @RequireScope('endpoints:read')
  @ApiListDeliveries()
  async list(@Param('id') id: string, @Query() query: ListEventDeliveriesDto): Promise<EventDeliveryPageDto> {
    return EventDeliveryPageDto.from(await this.deliveries.list(id, query));
  }

  @Post(':id/deliveries/:eventId/repeat')
  @HttpCode(202)
  @RequireScope('endpoints:write')
  @ApiRepeatDelivery()
  async repeatOne(@Param('id') id: string, @Param('eventId') eventId: string): Promise<void> {
    await this.deliveries.repeatOne(id, eventId);
  }

  @Post(':id/repeat')
  @HttpCode(202)
  @RequireScope('endpoints:write')
  @ApiRepeatDeliveries()
  async repeat(@Param('id') id: string, @Body() request: RepeatDeliveriesDto): Promise<RepeatReportDto> {
    return RepeatReportDto.from(await this.deliveries.repeatFrom(id, request));
  }

  @Post(':id/test')
  @HttpCode(200)
  @RequireScope('endpoints:write')
  @ApiTestEndpoint()
  async test(@Param('id') id: string): Promise<EndpointTestDto> {
    return EndpointTestDto.from(await this.tests.send(id));
  }
}
