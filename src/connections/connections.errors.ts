import { DomainError } from '../common';

export class ConnectionNotFoundError extends DomainError {
  constructor(id: string) {
    super('not_found', 'connection.not_found', `There is no connection ${id}.`);
  }
}

export class ConnectionDisconnectingError extends DomainError {
  constructor() {
    super(
      'conflict',
      'connection.disconnecting',
      'The connection is being disconnected. Retry when its status is `disconnected`.',
      { retryAfterSeconds: 5 },
    );
  }
}

export class ConnectionChangedError extends DomainError {
  constructor() {
    super('conflict', 'connection.changed', 'The account was reconnected during this request. Retry.', {
      retryAfterSeconds: 1,
    });
  }
}
