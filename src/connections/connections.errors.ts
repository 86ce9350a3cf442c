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
      'The connection is being ended. Repeat the request once it is disconnected.',
      { retryAfterSeconds: 5 },
    );
  }
}

export class ConnectionChangedError extends DomainError {
  constructor() {
    super(
      'conflict',
      'connection.changed',
      'The person connects this account anew at this moment, again and again. Repeat the request.',
      { retryAfterSeconds: 1 },
    );
  }
}
