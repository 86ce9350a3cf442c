import { DomainError } from '../../common';

export class EndpointNotFoundError extends DomainError {
  constructor(id: string) {
    super('not_found', 'webhook_endpoint.not_found', `There is no webhook endpoint ${id}.`);
  }
}

export class TooManyEndpointsError extends DomainError {
  constructor(limit: number) {
    super(
      'conflict',
      'webhook_endpoint.too_many',
      `There are ${limit} webhook endpoints already. Delete one, or let one endpoint receive more types.`,
    );
  }
}
