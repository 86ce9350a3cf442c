import { randomUUID } from 'node:crypto';

/** Lifetime of a mobile-SDK token (Terra: /auth/tokens). */
export const TOKEN_SECONDS = 180;

/** Mobile-SDK tokens. Each token works one time. A phone cannot override the reference that it was created with. */
export class SdkTokens {
  private readonly tokens = new Map<string, { referenceId: string | null; expiresAt: number }>();

  constructor(private readonly now: () => number) {}

  issue(referenceId: string | null): string {
    const token = randomUUID();
    this.tokens.set(token, { referenceId, expiresAt: this.now() + TOKEN_SECONDS * 1_000 });
    return token;
  }

  /** Uses up the token and returns its reference. Returns null for an unknown, used or expired token. */
  redeem(token: string): { referenceId: string | null } | null {
    const found = this.tokens.get(token);
    this.tokens.delete(token);
    return found && found.expiresAt > this.now() ? { referenceId: found.referenceId } : null;
  }

  clear(): void {
    this.tokens.clear();
  }
}
