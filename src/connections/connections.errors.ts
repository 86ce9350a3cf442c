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

export class ConnectionNotInUseError extends DomainError {
  constructor() {
    super(
      'conflict',
      'connection.not_in_use',
      'The connection has ended or is about to end, so its owner does not change. Ask the end user to connect the account.',
    );
  }
}

export class OwnerUnknownError extends DomainError {
  constructor() {
    super(
      'conflict',
      'connection.owner_unknown',
      'Terra does not have the Terra user of this connection, or names no end user for it. Set the reference id at Terra, then retry.',
    );
  }
}

/** The text repeats neither reference id: it could appear in a log, and the caller may not know the one at Terra. */
export class OwnerDiffersError extends DomainError {
  constructor() {
    super(
      'conflict',
      'connection.owner_differs',
      'Terra names another end user than the `referenceId` of the request. Check the reference id at Terra, then retry.',
    );
  }
}

export class OwnerErasedError extends DomainError {
  constructor() {
    super(
      'conflict',
      'connection.owner_erased',
      'The service has erased the end user that Terra names, or the present owner, or is about to. Deauthenticate the Terra user at Terra, or let the end user connect the account again.',
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
