import { DomainError } from '../../common';

export class EndpointDisabledError extends DomainError {
  constructor(id: string) {
    super(
      'conflict',
      'webhook_endpoint.disabled',
      `The webhook endpoint ${id} is disabled. Enable it, then repeat the request.`,
    );
  }
}

export class DeliveryNotFoundError extends DomainError {
  constructor(eventId: string) {
    super('not_found', 'event.not_found', `There is no event ${eventId}, or no longer.`);
  }
}
