import { Controller, Headers, HttpCode, Post, Req, UseFilters, UseGuards } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems, ProblemFilter, Public } from '../http';
import { TerraEventDto } from './dto/terra-event.dto';
import { TerraSignatureGuard, type WebhookRequest } from './terra-signature.guard';
import { WebhookInboxService, type DeliveryHeaders, type SignedDelivery } from './webhook-inbox.service';
import { WEBHOOK_PATH } from './webhook-route';

const AUTH_EXAMPLE = {
  summary: 'A person has connected an account',
  value: {
    type: 'auth',
    status: 'success',
    message: 'user successfully authenticated',
    user: {
      user_id: '8f1f9bb2-3c5e-4a6b-9a53-6c4e5f1d2b3a',
      provider: 'GARMIN',
      reference_id: 'user-4711',
      scopes: 'ACTIVITY_EXPORT,HEALTH_EXPORT',
      active: true,
    },
    version: '2022-03-16',
  },
};

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
    name: 'X-Terra-Ordering-Timestamp',
    required: false,
    description:
      'When it happened, in milliseconds since 1970: news that is older than what is known is passed over.',
    schema: { type: 'string', pattern: '^\\d{12,14}$', example: '1795426200000' },
  })
  @ApiHeader({
    name: 'Terra-Reference',
    required: false,
    description: "Terra's name of what it sends; kept for support.",
    schema: { type: 'string', example: '2b1b8a5e-6a8e-4c38-9f0d-6f3f1c9c7a55' },
  })
  @ApiHeader({
    name: 'X-Terra-Trace-Id',
    required: false,
    description:
      'Names the delivery: one that comes again under the same name is not stored again. Without it the body decides.',
    schema: { type: 'string', example: '7a4a1f0c-52b0-4e0e-8d8b-0f6f8f2b9c11' },
  })
  @ApiHeader({
    name: 'X-Terra-Signature',
    required: true,
    description:
      '`t=<unix seconds>,v1=<hex HMAC-SHA256 over "t.body">`. Under its older name, `terra-signature`, it is accepted as well; one of the two must come.',
    schema: { type: 'string', example: `t=1795426200,v1=${'5f'.repeat(32)}` },
  })
  @ApiBody({ type: TerraEventDto, description: 'Any event of Terra.', examples: { auth: AUTH_EXAMPLE } })
  @ApiOkResponse({ description: 'Stored, now or before. No body.' })
  @ApiProblems({
    401: { 'webhook.signature_refused': 'The signature is missing, wrong, or more than 300 seconds away.' },
    413: { 'request.too_large': 'The body is larger than 15 MB.' },
    503: { 'database.unavailable': 'It could not be stored; send it again.' },
  })
  async receive(@Req() request: WebhookRequest, @Headers() headers: DeliveryHeaders): Promise<void> {
    await this.inbox.accept(request.delivery as SignedDelivery, headers);
  }
}
