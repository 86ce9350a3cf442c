import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ApiProblems, invalidField } from '../http';
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
