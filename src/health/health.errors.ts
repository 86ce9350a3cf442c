import { DomainError } from '../common';

export class NotReadyError extends DomainError {
  constructor(checks: unknown) {
    super(
      'unavailable',
      'health.not_ready',
      'The service is not ready. `checks` names the failed check. Wait for the seconds in Retry-After, then retry.',
      {
        details: { checks },
        retryAfterSeconds: 5,
      },
    );
  }
}
