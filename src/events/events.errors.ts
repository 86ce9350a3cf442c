import { DomainError, RequestInvalidError } from '../common';

export class EventCursorUnknownError extends RequestInvalidError {
  constructor() {
    super([{ field: 'after', detail: 'is neither `latest` nor a `nextCursor` of this list' }]);
  }
}

export class EventCursorExpiredError extends DomainError {
  constructor() {
    super(
      'gone',
      'events.cursor_expired',
      'The service no longer has the events after this cursor. Read `GET /v1/events?after=latest` and keep its `nextCursor`, then read all pages of `GET /v1/connections`, then go on from that cursor.',
    );
  }
}

export class EventDataNotFoundError extends DomainError {
  constructor() {
    super('not_found', 'events.data_not_found', 'No event with health data has this id. Check the id.');
  }
}

export class EventDataGoneError extends DomainError {
  constructor() {
    super(
      'gone',
      'events.data_gone',
      'The service no longer has the data of this event: every taker has got it, its time is over, or the connection has ended. Request the data from Terra again.',
    );
  }
}
