import {
  Controller,
  Headers,
  HttpCode,
  HttpStatus,
  Post,
  Req,
  Res,
  UseFilters,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApiTags } from '@nestjs/swagger';
import { ProblemFilter, Public, respond, WEBHOOK_ROUTE } from '../http';
import { TerraSignatureGuard, type WebhookRequest } from './terra-signature.guard';
import { ApiReceiveWebhook } from './terra-webhook.openapi';
import { WebhookInboxService, type DeliveryHeaders, type SignedDelivery } from './webhook-inbox.service';

@ApiTags('Webhooks')
@Public()
@UseGuards(TerraSignatureGuard)
@UseFilters(ProblemFilter)
@Controller({ path: WEBHOOK_ROUTE, version: VERSION_NEUTRAL })
export class TerraWebhookController {
  constructor(
    private readonly inbox: WebhookInboxService,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  @Post()
  @HttpCode(HttpStatus.OK)
  @ApiReceiveWebhook()
  async receive(
    @Req() request: WebhookRequest,
    @Headers() headers: DeliveryHeaders,
    @Res() response: object,
  ): Promise<void> {
    await this.inbox.accept(request.delivery as SignedDelivery, headers);
    // An interceptor of the host that fails after this line cannot take the 200 back: the delivery is stored.
    respond(this.adapterHost.httpAdapter, response, { status: HttpStatus.OK, headers: {} });
  }
}
