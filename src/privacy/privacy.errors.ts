import { DomainError } from '../common';

/** The text does not repeat the reference id, because the id of an erased end user must not appear again. */
export class EndUserNotFoundError extends DomainError {
  constructor() {
    super('not_found', 'end_user.not_found', 'Nothing is stored about this end user.');
  }
}

export class ErasureNotFoundError extends DomainError {
  constructor() {
    super('not_found', 'erasure.not_found', 'There is no such erasure.');
  }
}
