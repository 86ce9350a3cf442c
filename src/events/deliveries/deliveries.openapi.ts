import { applyDecorators } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiOkResponse, ApiOperation, ApiParam } from '@nestjs/swagger';
import {
  ApiProblems,
  BODY_PROBLEMS,
  EXAMPLE_ID,
  invalidField,
  NO_BODY_PROBLEMS,
  PAGE_PROBLEM,
} from '../../http';
import { ApiEndpointIdParam, ENDPOINT_NOT_FOUND } from '../endpoints/endpoints.openapi';
import { EndpointTestDto } from './dto/endpoint-test.dto';
import { EventDeliveryPageDto } from './dto/event-delivery.dto';
import { RepeatDeliveriesDto, RepeatReportDto } from './dto/repeat-deliveries.dto';

const DISABLED = {
  'webhook_endpoint.disabled': 'The endpoint is disabled. Enable it, then repeat the request.',
};

export const ApiListDeliveries = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'List the deliveries of a webhook endpoint',
      description:
        'Returns the events for the endpoint and what became of them, with the last ten attempts of each.',
    }),
    ApiEndpointIdParam(),
    ApiOkResponse({ description: 'A page of deliveries.', type: EventDeliveryPageDto }),
    ApiProblems({ ...PAGE_PROBLEM, 404: ENDPOINT_NOT_FOUND }),
  );

export const ApiRepeatDelivery = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Repeat one delivery',
      description:
        'Delivers the event again, whatever became of it, also if the endpoint has never got it. The request has the same `webhook-id`, and may arrive after newer events of the end user: compare `sequence`.',
    }),
    ApiEndpointIdParam(),
    ApiParam({
      name: 'eventId',
      format: 'uuid',
      description:
        'Id of the event, from `GET /v1/webhook-endpoints/{id}/deliveries`. Nothing has the id of the example: the service answers 404.',
      example: EXAMPLE_ID,
    }),
    ApiAcceptedResponse({ description: 'The service delivers the event within seconds.' }),
    ApiProblems({
      ...NO_BODY_PROBLEMS,
      404: { ...ENDPOINT_NOT_FOUND, 'event.not_found': 'There is no event with this id, or no longer.' },
      409: DISABLED,
    }),
  );

export const ApiRepeatDeliveries = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Repeat deliveries from a time on',
      description:
        "Delivers the events of the endpoint's types again, oldest first, also those that it has never got, for example while it was disabled. Repeat the request with `after` until `nextAfter` is null.",
    }),
    ApiEndpointIdParam(),
    ApiBody({
      type: RepeatDeliveriesDto,
      examples: {
        from: { summary: 'From a time on', value: { from: '2026-11-23T09:30:00Z' } },
        after: { summary: 'Go on', value: { after: EXAMPLE_ID, limit: 10_000 } },
      },
    }),
    ApiAcceptedResponse({ description: 'The service delivers the events.', type: RepeatReportDto }),
    ApiProblems({
      ...BODY_PROBLEMS,
      404: ENDPOINT_NOT_FOUND,
      409: DISABLED,
      422: {
        'request.invalid': invalidField(
          'from',
          'must be given, or else `after`',
          'A field is not valid, or the request has neither `from` nor `after`, or both. `errors` names the field and the reason.',
        ),
      },
    }),
  );

export const ApiTestEndpoint = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Send a test event',
      description:
        'Sends an event of the type `endpoint.test` to the endpoint, also if it is disabled, and waits for the answer for up to ten seconds. The service does not repeat it.',
    }),
    ApiEndpointIdParam(),
    ApiOkResponse({ description: 'What came of the test event.', type: EndpointTestDto }),
    ApiProblems({ ...NO_BODY_PROBLEMS, 404: ENDPOINT_NOT_FOUND }),
  );
