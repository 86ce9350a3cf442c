import { DomainError } from '../common';

/** The reference is not repeated: of somebody who was erased, it is not ours to write down. */
export class EndUserNotFoundError extends DomainError {
  constructor() {
    super('not_found', 'end_user.not_found', 'Nothing is held about this end user.');
  }
}

export class ErasureNotFoundError extends DomainError {
  constructor() {
    super('not_found', 'erasure.not_found', 'There is no such erasure.');
  }
}
