import { Controller, Headers, HttpCode, Post, Req, UseFilters, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ProblemFilter, Public } from '../http';
import { TerraSignatureGuard, type WebhookRequest } from './terra-signature.guard';
import { ApiReceiveWebhook } from './terra-webhook.openapi';
import { WebhookInboxService, type DeliveryHeaders, type SignedDelivery } from './webhook-inbox.service';
import { WEBHOOK_PATH } from './raw-body';

@ApiTags('Webhooks')
@Public()
@UseGuards(TerraSignatureGuard)
@UseFilters(ProblemFilter)
@Controller(WEBHOOK_PATH)
export class TerraWebhookController {
  constructor(private readonly inbox: WebhookInboxService) {}

  @Post()
  @HttpCode(200)
  @ApiReceiveWebhook()
  async receive(@Req() request: WebhookRequest, @Headers() headers: DeliveryHeaders): Promise<void> {
    await this.inbox.accept(request.delivery as SignedDelivery, headers);
  }
}
