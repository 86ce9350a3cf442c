import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ApiIdParam, ApiProblems, invalidField } from '../http';
import { EventPageDto } from './dto/event-page.dto';

export const ApiListEvents = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Read events',
      description:
        'Returns events in the order in which their changes were committed. Follow `nextCursor` to get each event once: no event ever appears before your cursor. With `wait`, the answer comes as soon as an event is there.',
    }),
    ApiOkResponse({ description: 'A part of the log.', type: EventPageDto }),
    ApiProblems({
      410: {
        'events.cursor_expired':
          'The service no longer has the events after this cursor. Read `after=latest` and keep its `nextCursor`, then read all pages of `GET /v1/connections`, then go on from that cursor.',
      },
      422: {
        'request.invalid': invalidField(
          'after',
          'is neither `latest` nor a `nextCursor` of this list',
          'A query parameter is not valid. `errors` names the parameter and the reason.',
        ),
      },
    }),
  );

export const ApiReadEventData = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Read the health data of an event',
      description:
        'Returns the body of a data event as Terra sent it, byte for byte. The service has it until every webhook endpoint and NATS have got it, and for `RETENTION_DATA_HOURS` at most.',
    }),
    ApiIdParam('Id of a data event', 'GET /v1/events'),
    ApiOkResponse({
      description: "Terra's event.",
      content: {
        'application/json': {
          schema: {
            type: 'object',
            required: ['type'],
            properties: {
              type: { type: 'string', description: "Terra's type of the event.", example: 'daily' },
            },
            additionalProperties: true,
          },
          example: {
            type: 'daily',
            user: { provider: 'GARMIN' },
            data: [{ distance_data: { steps: 4711 } }],
          },
        },
      },
    }),
    ApiProblems({
      404: { 'events.data_not_found': 'No event with health data has this id. Check the id.' },
      410: {
        'events.data_gone':
          'The service no longer has the data of this event: every taker has got it, its time is over, or the connection has ended. Request the data from Terra again.',
      },
    }),
  );
