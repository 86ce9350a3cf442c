import { DomainError } from '../common';

export class ProviderNotEndedError extends DomainError {
  constructor() {
    super(
      'not_found',
      'provider.not_ended',
      "This provider has no known successor, and Terra's catalogue has it. Check the code; an operator may name a successor in PROVIDER_SUCCESSORS.",
    );
  }
}
