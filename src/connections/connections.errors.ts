import { DomainError } from '../common';

export class ConnectionNotFoundError extends DomainError {
  constructor(id: string) {
    super('not_found', 'connection.not_found', `There is no connection ${id}.`);
  }
}
