import { applyDecorators } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
} from '@nestjs/swagger';
import { ApiIdParam, ApiProblems, BODY_PROBLEMS, invalidField, NO_BODY_PROBLEMS } from '../../http';
import { CreateWebhookEndpointDto } from './dto/create-webhook-endpoint.dto';
import { RotateSecretDto } from './dto/rotate-secret.dto';
import { UpdateWebhookEndpointDto } from './dto/update-webhook-endpoint.dto';
import {
  WebhookEndpointDto,
  WebhookEndpointListDto,
  WebhookEndpointSecretDto,
} from './dto/webhook-endpoint.dto';

export const ApiEndpointIdParam = (): MethodDecorator =>
  ApiIdParam('Id of the webhook endpoint', 'GET /v1/webhook-endpoints');

export const ENDPOINT_NOT_FOUND = {
  'webhook_endpoint.not_found': 'There is no webhook endpoint with this id.',
};
const INVALID_ENDPOINT = {
  'request.invalid': invalidField(
    'url',
    'must start with https://',
    'A field is not valid: the service does not call the URL, or an entry of `types` does not exist. `errors` names the field and the reason.',
  ),
};

export const ApiCreateEndpoint = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Create a webhook endpoint',
      description:
        'The service sends the endpoint every event of its types from now on, as a CloudEvent in JSON, signed by Standard Webhooks. Keep the `secret` of the response: no other response contains it. Answer each request with 2xx within 15 seconds; the service repeats every other one for three days. The events of one end user arrive in order.',
    }),
    ApiBody({
      type: CreateWebhookEndpointDto,
      examples: {
        connections: {
          summary: 'What happens to connections, and erasures',
          value: {
            url: 'https://hooks.example.com/terra-connect',
            types: ['connection.*', 'end_user.erased'],
          },
        },
        data: {
          summary: 'Health data, too; enable the endpoint later',
          value: {
            url: 'https://hooks.example.com/terra-connect',
            description: 'Diary',
            types: ['connection.*', 'data.*'],
            enabled: false,
          },
        },
      },
    }),
    ApiCreatedResponse({ description: 'The endpoint with its secret.', type: WebhookEndpointSecretDto }),
    ApiProblems({
      ...BODY_PROBLEMS,
      409: {
        'webhook_endpoint.too_many':
          'There are 100 endpoints already. Delete one, or let one endpoint receive more types.',
      },
      422: INVALID_ENDPOINT,
    }),
  );

export const ApiListEndpoints = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'List webhook endpoints',
      description: 'Returns all endpoints, without secrets.',
    }),
    ApiOkResponse({ description: 'All webhook endpoints.', type: WebhookEndpointListDto }),
    ApiProblems({}),
  );

export const ApiReadEndpoint = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Read a webhook endpoint',
      description: 'Returns the endpoint, without its secret.',
    }),
    ApiEndpointIdParam(),
    ApiOkResponse({ description: 'The webhook endpoint.', type: WebhookEndpointDto }),
    ApiProblems({ 404: ENDPOINT_NOT_FOUND }),
  );

export const ApiUpdateEndpoint = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Change a webhook endpoint',
      description:
        'Changes the fields that the request contains. While an endpoint is disabled, its pending deliveries rest, and new events create none: repeat them from a time on when you enable it again. Enabling forgets earlier failures.',
    }),
    ApiEndpointIdParam(),
    ApiBody({
      type: UpdateWebhookEndpointDto,
      examples: {
        disable: { summary: 'Disable it', value: { enabled: false } },
        types: { summary: 'Other types', value: { types: ['connection.*', 'connect_session.*'] } },
      },
    }),
    ApiOkResponse({ description: 'The changed endpoint.', type: WebhookEndpointDto }),
    ApiProblems({ ...BODY_PROBLEMS, 404: ENDPOINT_NOT_FOUND, 422: INVALID_ENDPOINT }),
  );

export const ApiDeleteEndpoint = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Delete a webhook endpoint',
      description:
        'Nothing is sent to it any more, and its deliveries are deleted. A request that is under way ends.',
    }),
    ApiEndpointIdParam(),
    ApiNoContentResponse({ description: 'The endpoint is deleted.' }),
    ApiProblems({ ...NO_BODY_PROBLEMS, 404: ENDPOINT_NOT_FOUND }),
  );

export const ApiRotateSecret = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Rotate the secret of a webhook endpoint',
      description:
        'Creates a new secret. During the overlap both secrets sign each request, so change the secret of the receiver at any moment within it.',
    }),
    ApiEndpointIdParam(),
    ApiBody({
      type: RotateSecretDto,
      examples: {
        default: { summary: 'Both secrets sign for a day', value: {} },
        atOnce: { summary: 'The old secret is known to others', value: { overlapHours: 0 } },
      },
    }),
    ApiOkResponse({ description: 'The endpoint with its new secret.', type: WebhookEndpointSecretDto }),
    ApiProblems({
      ...BODY_PROBLEMS,
      404: ENDPOINT_NOT_FOUND,
      422: { 'request.invalid': invalidField('overlapHours', 'must be a whole number from 0 to 168') },
    }),
  );
