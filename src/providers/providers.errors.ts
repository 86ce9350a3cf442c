import { DomainError } from '../common';

export class ProviderUnknownError extends DomainError {
  constructor(unknown: string[], available: string[]) {
    super(
      'invalid',
      'provider.unknown',
      `This Terra account does not offer ${unknown.join(', ')}. Use one of \`availableProviders\`, or enable these providers on the Terra dashboard.`,
      { details: { unknownProviders: unknown, availableProviders: available } },
    );
  }
}
