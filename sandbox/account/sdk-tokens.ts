import { randomUUID } from 'node:crypto';

/** Seconds that a mobile-SDK token lives (Terra: /auth/tokens). */
export const TOKEN_SECONDS = 180;

/** Mobile-SDK tokens: single use, and a reference given at creation cannot be replaced by the phone. */
export class SdkTokens {
  private readonly tokens = new Map<string, { referenceId: string | null; expiresAt: number }>();

  constructor(private readonly now: () => number) {}

  issue(referenceId: string | null): string {
    const token = randomUUID();
    this.tokens.set(token, { referenceId, expiresAt: this.now() + TOKEN_SECONDS * 1_000 });
    return token;
  }

  /** Spends the token: the reference it is bound to, or null when it is unknown, spent or too old. */
  redeem(token: string): { referenceId: string | null } | null {
    const found = this.tokens.get(token);
    this.tokens.delete(token);
    return found && found.expiresAt > this.now() ? { referenceId: found.referenceId } : null;
  }

  clear(): void {
    this.tokens.clear();
  }
}
