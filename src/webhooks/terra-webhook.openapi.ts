import { applyDecorators } from '@nestjs/common';
import {
  ApiBody,
  ApiExtraModels,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  getSchemaPath,
} from '@nestjs/swagger';
import { ApiProblems, EXAMPLE_TERRA_USER_ID } from '../http';
import { TerraEventDto } from './dto/terra-event.dto';

const AUTH_EXAMPLE = {
  summary: 'An end user has connected an account',
  value: {
    type: 'auth',
    status: 'success',
    message: 'user successfully authenticated',
    user: {
      user_id: EXAMPLE_TERRA_USER_ID,
      provider: 'GARMIN',
      reference_id: 'user-4711',
      scopes: 'ACTIVITY_EXPORT,HEALTH_EXPORT',
      active: true,
    },
    version: '2022-03-16',
  },
};

export const ApiReceiveWebhook = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Receive a webhook',
      description:
        'Set this URL as the webhook destination at Terra. The service answers 200 as soon as it has stored the delivery, for every type of event. It stores each delivery once. A body may have up to 15 MB.',
    }),
    ApiHeader({
      name: 'X-Terra-Signature',
      required: true,
      description:
        '`t=<unix seconds>,v1=<hex HMAC-SHA256 over "t.body">`. The service also accepts the older name `terra-signature`. One of the two is required. The example is no valid signature: only Terra knows the secret, so the service answers 401.',
      schema: { type: 'string', example: `t=1795426200,v1=${'5f'.repeat(32)}` },
    }),
    ApiHeader({
      name: 'X-Terra-Trace-Id',
      required: false,
      description:
        'Id of the delivery. The service stores only one delivery with this id. Without the header, it compares the bodies.',
      schema: { type: 'string', example: '7a4a1f0c-52b0-4e0e-8d8b-0f6f8f2b9c11' },
    }),
    ApiHeader({
      name: 'Terra-Reference',
      required: false,
      description:
        "Terra's id of the data that it sends. The service stores it for questions to Terra's support.",
      schema: { type: 'string', example: '2b1b8a5e-6a8e-4c38-9f0d-6f3f1c9c7a55' },
    }),
    ApiHeader({
      name: 'X-Terra-Ordering-Timestamp',
      required: false,
      description:
        'When the event happened, in milliseconds since 1970. The service orders events by this time, not by their arrival.',
      schema: { type: 'string', pattern: '^[0-9]{12,14}$', example: '1795426200000' },
    }),
    ApiExtraModels(TerraEventDto),
    ApiBody({
      description: 'Any event of Terra.',
      schema: { type: 'object', allOf: [{ $ref: getSchemaPath(TerraEventDto) }], additionalProperties: true },
      examples: { auth: AUTH_EXAMPLE },
    }),
    ApiOkResponse({
      description:
        'The service has stored the delivery, with this request or an earlier one. The response has no body.',
    }),
    ApiProblems({
      401: {
        'webhook.signature_refused':
          'The signature is missing or wrong, or its time is more than TERRA_SIGNATURE_TOLERANCE_SECONDS (default 300) from now. Check the secret and the clock.',
      },
      413: { 'request.too_large': 'The body is larger than 15 MB.' },
      415: {
        'request.unsupported_content_encoding':
          'The body has a Content-Encoding, such as gzip. Send the body without compression.',
      },
      422: {
        'request.incomplete': 'The connection ended before the whole body arrived. Send it again.',
      },
      429: {
        'rate_limit.exceeded': {
          when: 'Too many webhooks with a wrong signature came from this address. Check the secret and the clock. A webhook with a valid signature is always accepted.',
          members: { limit: 'refused-webhooks' },
        },
      },
      503: {
        'database.unavailable': 'The service could not store the delivery. Send it again.',
        'request.too_many_bodies':
          'The service is reading as many large bodies as BODY_BUDGET_MB allows. Wait for the seconds in Retry-After, then send the request again.',
      },
    }),
  );
