import { Injectable } from '@nestjs/common';
import { ProviderOptions } from '../config';
import { canonicalProvider } from '../terra';

interface EndedProvider {
  /** The provider that succeeds it; null if none does. */
  successor: string | null;
  endsAt: Date;
}

/**
 * Providers that end, by Terra's announcements (help center: fitbit-to-google-migration, google-fit-2026-deprecation). The
 * successor is another provider: nothing carries over, and everybody consents again.
 */
const KNOWN: Record<string, EndedProvider> = {
  FITBIT: { successor: 'GOOGLE_HEALTH', endsAt: new Date('2026-11-02T00:00:00Z') },
  GOOGLE: { successor: 'GOOGLE_HEALTH', endsAt: new Date('2027-01-01T00:00:00Z') },
};

/** Which provider succeeds which: the known ones, and those of PROVIDER_SUCCESSORS, which have precedence. */
@Injectable()
export class ProviderSuccessors {
  private readonly ended: ReadonlyMap<string, EndedProvider>;

  constructor({ successors }: ProviderOptions) {
    const configured = Object.entries(successors).map(([code, successor]): [string, EndedProvider] => [
      canonicalProvider(code),
      // The operator knows that the provider has ended, so no date is needed.
      { successor: successor === null ? null : canonicalProvider(successor), endsAt: new Date(0) },
    ]);
    this.ended = new Map([...Object.entries(KNOWN), ...configured]);
  }

  successorOf(provider: string): string | null {
    return this.ended.get(provider)?.successor ?? null;
  }

  /** The successor of a provider, the successor of that one, and so on. */
  successorsOf(provider: string): string[] {
    const found = new Set<string>();
    for (let next = this.successorOf(provider); next !== null && next !== provider && !found.has(next);) {
      found.add(next);
      next = this.successorOf(next);
    }
    return [...found];
  }

  /** Whether the end of the provider was announced for a time before `now`. */
  isKnownEnded(provider: string, now: Date): boolean {
    const ended = this.ended.get(provider);
    return ended !== undefined && ended.endsAt <= now;
  }
}
