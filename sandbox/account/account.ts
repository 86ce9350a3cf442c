import { randomUUID } from 'node:crypto';
import type { Behaviour } from '../behaviour';
import type { DataType } from '../data/data-events';
import type { EmitOptions } from '../webhooks/delivery';
import {
  accessRevokedEvent,
  authEvent,
  connectionErrorEvent,
  deauthEvent,
  failedAuthEvent,
  permissionChangeEvent,
  reauthEvent,
  type AttemptIds,
  type TerraEvent,
} from './events';
import type { LinkedUser } from './linked-user';
import { findProvider } from './providers';
import { SdkTokens } from './sdk-tokens';
import { WidgetSessions } from './widget-sessions';

/** One attempt of an end user to link one provider account. */
export interface ConnectAttempt {
  provider: string;
  referenceId: string | null;
  /** The account that the end user logs in with at the provider; default: one fixed account per reference. */
  providerAccount?: string;
  scopes?: string[];
  widgetSessionId?: string | null;
  /** The id that authenticateUser returned before the end user consented. */
  userId?: string;
}

export interface AccountDependencies {
  behaviour: Behaviour;
  enabledProviders: string[];
  now: () => number;
  publish: (event: TerraEvent, options?: EmitOptions) => unknown;
  sendData: (user: LinkedUser, type: DataType) => unknown;
  /** Called after the events of a link. */
  onLinked: (user: LinkedUser) => void;
}

/** The operator's Terra account, with one environment (one dev-id): its Terra users, and the events about them. */
export class Account {
  readonly users = new Map<string, LinkedUser>();
  readonly widgetSessions: WidgetSessions;
  readonly sdkTokens: SdkTokens;

  constructor(private readonly deps: AccountDependencies) {
    this.widgetSessions = new WidgetSessions(deps.now);
    this.sdkTokens = new SdkTokens(deps.now);
  }

  get enabledProviders(): string[] {
    const { noSourceEnabled, retiredProviders } = this.deps.behaviour;
    if (noSourceEnabled) return [];
    const retired = retiredProviders.split(',').map((code) => code.trim().toUpperCase());
    return this.deps.enabledProviders.filter((code) => !retired.includes(code));
  }

  /** Terra users that completed their flow, oldest first. */
  linkedUsers(): LinkedUser[] {
    return [...this.users.values()].filter((user) => user.isAuthenticated);
  }

  usersOf(referenceId: string): LinkedUser[] {
    return this.linkedUsers().filter((user) => user.referenceId === referenceId);
  }

  /** Creates the user of an authenticateUser call: its id exists before the end user consents. */
  preallocate(provider: string, referenceId: string | null): LinkedUser {
    const user = this.newUser({ provider, referenceId });
    this.users.set(user.userId, user);
    return user;
  }

  /**
   * Links a provider account and sends the events. Each link creates a new user id. `user_reauth` follows only if the
   * link replaces an existing user: one of the same account and reference (of any reference if `accountElsewhere` is
   * `replace`) or, for a phone-only provider, any user of that provider and reference.
   */
  connect(attempt: ConnectAttempt): LinkedUser {
    const user: LinkedUser = { ...this.newUser(attempt), isAuthenticated: true, active: true };
    const replaced = this.replacedBy(user);
    for (const old of replaced) this.users.delete(old.userId);
    this.users.set(user.userId, user);

    this.deps.publish(authEvent(user, attemptIds(attempt), this.deps.behaviour));
    const { sendUserReauth, reauthDelayMs: delayMs } = this.deps.behaviour;
    for (const old of sendUserReauth ? replaced : [])
      this.deps.publish(reauthEvent(old, user, this.deps.behaviour), { delayMs });
    this.deps.onLinked(user);
    return user;
  }

  /** Redeems a phone's token. The reference of the token overrides the reference that the phone sends. */
  connectPhone(token: string, phone: ConnectAttempt): LinkedUser | null {
    const redeemed = this.sdkTokens.redeem(token);
    return redeemed && this.connect({ ...phone, referenceId: redeemed.referenceId ?? phone.referenceId });
  }

  fail(attempt: ConnectAttempt, reason: string): void {
    if (attempt.userId) this.users.delete(attempt.userId);
    this.deps.publish(failedAuthEvent(attempt, reason, attemptIds(attempt), this.deps.behaviour));
  }

  /** Removes a user for an API caller or for the end user in the widget; the webhook follows after `deauthDelayMs`. */
  deauthenticate(userId: string): LinkedUser | null {
    const user = this.remove(userId);
    if (user) this.deps.publish(deauthEvent(user), { delayMs: this.deps.behaviour.deauthDelayMs });
    return user;
  }

  /** The end user revokes access at the provider. */
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

  sendData(userId: string, type: DataType = 'daily'): LinkedUser | null {
    const user = this.users.get(userId) ?? null;
    if (user) this.deps.sendData(user, type);
    return user;
  }

  /** Removes a user without a webhook. */
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
      // Without a reference, Terra cannot know which phone this one replaces, so the old users stay.
      if (phoneOnly) return user.referenceId !== null && old.referenceId === user.referenceId;
      if (old.providerAccount !== user.providerAccount) return false;
      return old.referenceId === user.referenceId || this.deps.behaviour.accountElsewhere === 'replace';
    });
  }
}

/** The account that the consent page suggests; each reference always gets the same one. */
export function defaultProviderAccount(referenceId: string | null): string {
  return referenceId === null ? 'end-user@example.com' : `${referenceId}@example.com`;
}

function attemptIds(attempt: ConnectAttempt): AttemptIds {
  return { widgetSessionId: attempt.widgetSessionId ?? null, flowId: randomUUID() };
}
