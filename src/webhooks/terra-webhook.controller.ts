import { Controller, Headers, HttpCode, Post, Req, UseFilters, UseGuards } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems, ProblemFilter, Public } from '../common';
import { TerraSignatureGuard, type WebhookRequest } from './terra-signature.guard';
import { WebhookInboxService, type DeliveryHeaders, type SignedDelivery } from './webhook-inbox.service';
import { WEBHOOK_PATH } from './webhook-route';

@ApiTags('Webhooks')
@Public()
@UseGuards(TerraSignatureGuard)
@UseFilters(ProblemFilter)
@Controller(WEBHOOK_PATH)
export class TerraWebhookController {
  constructor(private readonly inbox: WebhookInboxService) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: "Takes Terra's webhooks",
    description:
      'The address of the destination at Terra. Answers 200 once the delivery is stored, whatever its type; each is stored once. Bodies up to 15 MB.',
  })
  @ApiHeader({
    name: 'X-Terra-Signature',
    description: '`t=<unix seconds>,v1=<hex HMAC-SHA256 over "t.body">`; `terra-signature` is accepted too.',
    schema: { type: 'string' },
  })
  @ApiHeader({
    name: 'X-Terra-Trace-Id',
    required: false,
    description: 'Names the delivery.',
    schema: { type: 'string' },
  })
  @ApiBody({ schema: { type: 'object' }, description: 'Any event of Terra.' })
  @ApiOkResponse({ description: 'Stored, now or before.' })
  @ApiProblems({
    401: { 'webhook.signature_refused': 'The signature is missing, wrong, or more than 300 seconds away.' },
    413: { 'request.too_large': 'The body is larger than 15 MB.' },
    503: { 'database.unavailable': 'It could not be stored; send it again.' },
  })
  async receive(@Req() request: WebhookRequest, @Headers() headers: DeliveryHeaders): Promise<void> {
    await this.inbox.accept(request.delivery as SignedDelivery, headers);
  }
}
