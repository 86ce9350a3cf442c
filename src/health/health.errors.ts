import { DomainError } from '../common';

export class NotReadyError extends DomainError {
  constructor(checks: unknown) {
    super('unavailable', 'health.not_ready', 'The service cannot serve requests at the moment; see checks.', {
      details: { checks },
      retryAfterSeconds: 5,
    });
  }
}
