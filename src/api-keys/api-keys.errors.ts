import { DomainError } from '../common';
import type { Scope } from './scopes';

export class ApiKeyMissingError extends DomainError {
  constructor() {
    super(
      'unauthorized',
      'auth.missing_key',
      'The request has no API key. Send it as Authorization: Bearer <key>.',
    );
  }
}

/** The same error for unknown and revoked keys, so that it does not reveal which keys have existed. */
export class ApiKeyInvalidError extends DomainError {
  constructor() {
    super('unauthorized', 'auth.invalid_key', 'The API key is unknown or revoked. Use an active key.');
  }
}

export class ScopeMissingError extends DomainError {
  constructor(scope: Scope) {
    super(
      'forbidden',
      'auth.missing_scope',
      `The API key lacks the scope ${scope}. Use a key with this scope.`,
      {
        details: { requiredScope: scope },
      },
    );
  }
}

export class ApiKeyNotFoundError extends DomainError {
  constructor(id: string) {
    super('not_found', 'api_key.not_found', `There is no active API key ${id}.`);
  }
}
