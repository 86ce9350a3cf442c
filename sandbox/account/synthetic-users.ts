import type { LinkedUser } from './linked-user';
import { findProvider } from './providers';

const SYNTHETIC_PROVIDERS = ['GARMIN', 'GOOGLE_HEALTH', 'OURA', 'POLAR', 'WHOOP'];
const CREATED_AT = Date.UTC(2026, 0, 1);
const ID_PREFIX = '00000000-0000-4000-8000-';
const REFERENCE_PREFIX = 'synthetic-';

/** The users of one list answer: real users first, then generated ones. A slice generates only the users in it. */
export class UserList {
  constructor(
    private readonly real: LinkedUser[],
    private readonly generated: number,
  ) {}

  get length(): number {
    return this.real.length + this.generated;
  }

  slice(start: number, end: number): LinkedUser[] {
    const from = Math.max(start - this.real.length, 0);
    const to = Math.min(end - this.real.length, this.generated);
    const synthetic = Array.from({ length: Math.max(to - from, 0) }, (_, offset) =>
      syntheticUser(from + offset),
    );
    return [...this.real.slice(start, end), ...synthetic];
  }
}

/** The same index always gives the same user. */
export function syntheticUser(index: number): LinkedUser {
  const provider = SYNTHETIC_PROVIDERS[index % SYNTHETIC_PROVIDERS.length] ?? 'GARMIN';
  return {
    userId: ID_PREFIX + index.toString(16).padStart(12, '0'),
    provider,
    referenceId: `${REFERENCE_PREFIX}${index}`,
    providerAccount: `${REFERENCE_PREFIX}${index}@example.com`,
    scopes: findProvider(provider)?.scopes ?? [],
    active: true,
    createdAt: CREATED_AT,
    lastWebhookUpdate: null,
    isAuthenticated: true,
  };
}

/** The generated user with this id; null if the list has fewer users. */
export function syntheticUserById(userId: string, generated: number): LinkedUser | null {
  const index = userId.startsWith(ID_PREFIX) ? Number.parseInt(userId.slice(ID_PREFIX.length), 16) : NaN;
  const user = index < generated ? syntheticUser(index) : null;
  return user?.userId === userId ? user : null;
}

export function syntheticUsersOf(referenceId: string, generated: number): LinkedUser[] {
  const index = referenceId.startsWith(REFERENCE_PREFIX)
    ? Number(referenceId.slice(REFERENCE_PREFIX.length))
    : NaN;
  const user = Number.isInteger(index) && index >= 0 && index < generated ? syntheticUser(index) : null;
  return user?.referenceId === referenceId ? [user] : [];
}
