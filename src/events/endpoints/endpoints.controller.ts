import { Body, Delete, Get, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { RequireScope, RestController } from '../../api-keys';
import { CreateWebhookEndpointDto } from './dto/create-webhook-endpoint.dto';
import { RotateSecretDto } from './dto/rotate-secret.dto';
import { UpdateWebhookEndpointDto } from './dto/update-webhook-endpoint.dto';
import {
  WebhookEndpointDto,
  WebhookEndpointListDto,
  WebhookEndpointSecretDto,
} from './dto/webhook-endpoint.dto';
import {
  ApiCreateEndpoint,
  ApiDeleteEndpoint,
  ApiListEndpoints,
  ApiReadEndpoint,
  ApiRotateSecret,
  ApiUpdateEndpoint,
} from './endpoints.openapi';
import { EndpointsService } from './endpoints.service';

@RestController('v1/webhook-endpoints', 'Webhook endpoints')
export class WebhookEndpointsController {
  constructor(private readonly endpoints: EndpointsService) {}

  @Post()
  @RequireScope('endpoints:write')
  @ApiCreateEndpoint()
  async create(@Body() request: CreateWebhookEndpointDto): Promise<WebhookEndpointSecretDto> {
    const { description = null, ...settings } = request;
    return WebhookEndpointSecretDto.from(await this.endpoints.create({ ...settings, description }));
  }

  @Get()
  @RequireScope('endpoints:read')
  @ApiListEndpoints()
  async list(): Promise<WebhookEndpointListDto> {
    return WebhookEndpointListDto.from(await this.endpoints.list());
  }

  @Get(':id')
  @RequireScope('endpoints:read')
  @ApiReadEndpoint()
  async get(@Param('id') id: string): Promise<WebhookEndpointDto> {
    return WebhookEndpointDto.from(await this.endpoints.get(id));
  }

  @Patch(':id')
  @RequireScope('endpoints:write')
  @ApiUpdateEndpoint()
  async update(
    @Param('id') id: string,
    @Body() request: UpdateWebhookEndpointDto,
  ): Promise<WebhookEndpointDto> {
    return WebhookEndpointDto.from(await this.endpoints.update(id, request));
  }

  @Delete(':id')
  @HttpCode(204)
  @RequireScope('endpoints:write')
  @ApiDeleteEndpoint()
  async delete(@Param('id') id: string): Promise<void> {
    await this.endpoints.delete(id);
  }

  @Post(':id/rotate-secret')
  @HttpCode(200)
  @RequireScope('endpoints:write')
  @ApiRotateSecret()
  async rotateSecret(
    @Param('id') id: string,
    @Body() { overlapHours }: RotateSecretDto,
  ): Promise<WebhookEndpointSecretDto> {
    return WebhookEndpointSecretDto.from(await this.endpoints.rotateSecret(id, overlapHours));
  }
}
