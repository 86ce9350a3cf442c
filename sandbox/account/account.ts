import { randomUUID } from 'node:crypto';
import type { Behaviour } from '../behaviour';
import type { EmitOptions } from '../webhooks/delivery';
import {
  accessRevokedEvent,
  authEvent,
  connectionErrorEvent,
  dataEvent,
  deauthEvent,
  failedAuthEvent,
  permissionChangeEvent,
  reauthEvent,
  type AttemptTrace,
  type TerraEvent,
} from './events';
import type { LinkedUser } from './linked-user';
import { findProvider } from './providers';
import { SdkTokens } from './sdk-tokens';
import { WidgetSessions } from './widget-sessions';

export type { LinkedUser } from './linked-user';

/** One try of a person to link one provider account. */
export interface ConnectAttempt {
  provider: string;
  referenceId: string | null;
  /** Which account the person logs in with at the provider; default: one that belongs to the reference. */
  providerAccount?: string;
  scopes?: string[];
  widgetSessionId?: string | null;
  /** An id that authenticateUser gave out before the person agreed. */
  userId?: string;
}

/** What `Account` needs of its surroundings. */
export interface AccountDependencies {
  behaviour: Behaviour;
  enabledProviders: string[];
  now: () => number;
  publish: (event: TerraEvent, options?: EmitOptions) => unknown;
}

/** One Terra environment (one dev-id): who is linked, and what Terra tells the world when that changes. */
export class Account {
  readonly users = new Map<string, LinkedUser>();
  readonly widgetSessions: WidgetSessions;
  readonly sdkTokens: SdkTokens;

  constructor(private readonly deps: AccountDependencies) {
    this.widgetSessions = new WidgetSessions(deps.now);
    this.sdkTokens = new SdkTokens(deps.now);
  }

  get enabledProviders(): string[] {
    return this.deps.behaviour.noSourceEnabled ? [] : this.deps.enabledProviders;
  }

  /** Everybody whose flow was finished, oldest first. */
  linkedUsers(): LinkedUser[] {
    return [...this.users.values()].filter((user) => user.isAuthenticated);
  }

  usersOf(referenceId: string): LinkedUser[] {
    return this.linkedUsers().filter((user) => user.referenceId === referenceId);
  }

  /** authenticateUser hands out the id before the person has agreed to anything. */
  preallocate(provider: string, referenceId: string | null): LinkedUser {
    const user = this.newUser({ provider, referenceId });
    this.users.set(user.userId, user);
    return user;
  }

  /**
   * Links an account and reports it. Always a new user id; `user_reauth` only if the same account was still live
   * under the same reference, or, for phone providers, anything of that provider under that reference.
   */
  connect(attempt: ConnectAttempt): LinkedUser {
    const user: LinkedUser = { ...this.newUser(attempt), isAuthenticated: true, active: true };
    const replaced = this.replacedBy(user);
    for (const old of replaced) this.users.delete(old.userId);
    this.users.set(user.userId, user);

    this.deps.publish(authEvent(user, traceOf(attempt), this.deps.behaviour));
    for (const old of replaced) this.deps.publish(reauthEvent(old, user, this.deps.behaviour));
    return user;
  }

  /** A phone spends its token. The reference that the token is bound to wins over the one that the phone sends. */
  connectPhone(token: string, phone: ConnectAttempt): LinkedUser | null {
    const redeemed = this.sdkTokens.redeem(token);
    return redeemed && this.connect({ ...phone, referenceId: redeemed.referenceId ?? phone.referenceId });
  }

  fail(attempt: ConnectAttempt, reason: string): void {
    if (attempt.userId) this.users.delete(attempt.userId);
    this.deps.publish(failedAuthEvent(attempt, reason, traceOf(attempt), this.deps.behaviour));
  }

  /** Our side, or the person in the widget, ends it: the webhook follows a little later. */
  deauthenticate(userId: string): LinkedUser | null {
    const user = this.remove(userId);
    if (user) this.deps.publish(deauthEvent(user), { delayMs: this.deps.behaviour.deauthDelayMs });
    return user;
  }

  /** The person takes the permission back at the provider. */
  revokeAccess(userId: string): LinkedUser | null {
    const user = this.remove(userId);
    if (user) this.deps.publish(accessRevokedEvent(user));
    return user;
  }

  reportConnectionError(userId: string): LinkedUser | null {
    const user = this.users.get(userId) ?? null;
    if (user) this.deps.publish(connectionErrorEvent(user));
    return user;
  }

  changePermissions(userId: string, change: { add?: string[]; remove?: string[] }): LinkedUser | null {
    const user = this.users.get(userId) ?? null;
    if (!user) return null;
    const added = (change.add ?? []).filter((scope) => !user.scopes.includes(scope));
    const removed = (change.remove ?? []).filter((scope) => user.scopes.includes(scope));
    user.scopes = [...user.scopes.filter((scope) => !removed.includes(scope)), ...added];
    this.deps.publish(permissionChangeEvent(user, added, removed));
    return user;
  }

  sendData(userId: string, type = 'daily'): LinkedUser | null {
    const user = this.users.get(userId) ?? null;
    if (!user) return null;
    user.lastWebhookUpdate = this.deps.now();
    this.deps.publish(dataEvent(user, type, this.deps.now()));
    return user;
  }

  /** Forgets a user without telling anybody. */
  remove(userId: string): LinkedUser | null {
    const user = this.users.get(userId) ?? null;
    this.users.delete(userId);
    return user;
  }

  reset(): void {
    this.users.clear();
    this.widgetSessions.clear();
    this.sdkTokens.clear();
  }

  private newUser(attempt: ConnectAttempt): LinkedUser {
    return {
      userId: attempt.userId ?? randomUUID(),
      provider: attempt.provider,
      referenceId: attempt.referenceId,
      providerAccount: attempt.providerAccount || defaultProviderAccount(attempt.referenceId),
      scopes: attempt.scopes ?? findProvider(attempt.provider)?.scopes ?? [],
      active: false,
      createdAt: this.deps.now(),
      lastWebhookUpdate: null,
      isAuthenticated: false,
    };
  }

  private replacedBy(user: LinkedUser): LinkedUser[] {
    const phoneOnly = findProvider(user.provider)?.phoneOnly ?? false;
    return this.linkedUsers().filter((old) => {
      if (old.userId === user.userId || old.provider !== user.provider) return false;
      // Without a reference Terra cannot tell whose old phone it was: stale ones pile up.
      if (phoneOnly) return user.referenceId !== null && old.referenceId === user.referenceId;
      if (old.providerAccount !== user.providerAccount) return false;
      return old.referenceId === user.referenceId || this.deps.behaviour.accountElsewhere === 'replace';
    });
  }
}

/** The account that the consent page suggests: the same one each time the same person comes back. */
export function defaultProviderAccount(referenceId: string | null): string {
  return referenceId === null ? 'someone@example.com' : `${referenceId}@example.com`;
}

function traceOf(attempt: ConnectAttempt): AttemptTrace {
  return { widgetSessionId: attempt.widgetSessionId ?? null, flowId: randomUUID() };
}
