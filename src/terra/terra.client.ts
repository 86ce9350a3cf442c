import { Injectable } from '@nestjs/common';
import { TerraApiOptions } from '../config';
import type { RetryPolicy } from '../queue';
import {
  TerraEndpointMissingError,
  TerraGoneError,
  TerraListTooLongError,
  TerraMalformedAnswerError,
  TerraNotFoundError,
} from './terra.errors';
import { TerraGate } from './terra.gate';
import { TerraTransport, type TerraCall } from './terra.transport';
import {
  readTerraUserPage,
  readTerraUsers,
  toTerraProvider,
  type SdkToken,
  type TerraProvider,
  type TerraUser,
  type TerraUserPage,
  type WidgetSession,
  type WidgetSessionRequest,
} from './terra.types';
import { ToldTimesService } from './told-times.service';
import { WidgetSessionGateway } from './widget-session.gateway';
import { asList, asRecord, expiryOf, textOf } from './wire';

const SDK_TOKEN_SECONDS = 180;
// Terra's default.
const USERS_PER_PAGE = 500;
// A page that fails ends a sweep until its next start, so a page has more and longer repetitions than other calls.
const PAGE_RETRY: RetryPolicy = { baseMs: 1_000, maxMs: 3_000, attempts: 3 };
// Ten million Terra users. Without a limit, a list whose pages never end would keep a sweep running for ever.
const MAX_PAGES = 20_000;
const MEGABYTE = 1_024 * 1_024;
// A page of 500 users has about 100 KB, the accounts of one end user a few KB, the catalogue of 500 providers 200 KB.
const MAX_BYTES = { page: 4 * MEGABYTE, usersOfReference: MEGABYTE, catalogue: 4 * MEGABYTE };
// Each of the two endpoints gets half of a call's deadline.
const SDK_TOKEN_DEADLINE_MS = 5_000;
// The catalogue is only read as a check before another call, so it must not use up the deadline of the caller.
const CATALOGUE_DEADLINE_MS = 3_000;
// A deauthentication with its checks takes two or three calls, and must end before its lease of 30 seconds.
const GONE_DEADLINE_MS = 5_000;

/** Calls Terra's API, with one method per operation. Every method ends within ten seconds. */
@Injectable()
export class TerraClient {
  constructor(
    private readonly transport: TerraTransport,
    private readonly gate: TerraGate,
    private readonly widgetSessions: WidgetSessionGateway,
    private readonly toldTimes: ToldTimesService,
    private readonly options: TerraApiOptions,
  ) {}

  /** Whether the service calls Terra's API at the moment. Workers ask before they take work; see `terra.gate.ts`. */
  isAvailable(): boolean {
    return this.gate.isApiAvailable();
  }

  createWidgetSession(request: WidgetSessionRequest): Promise<WidgetSession> {
    return this.widgetSessions.create(request);
  }

  /**
   * `GET /userInfo?user_id=`: the user, and whether its authentication is completed; null for a 404, which Terra answers
   * to an unknown user and to a wrong dev-id.
   *
   * @throws TerraMalformedAnswerError for any other answer, which must never count as an unknown user
   */
  async findUser(
    terraUserId: string,
    deadlineMs?: number,
  ): Promise<{ user: TerraUser; isAuthenticated: boolean } | null> {
    const body = await this.orNull({
      operation: 'user-info',
      method: 'GET',
      url: `${this.options.apiUrl}/userInfo`,
      query: { user_id: terraUserId },
      repeatable: true,
      deadlineMs,
    });
    if (body === null) return null;
    const users = readTerraUsers(body);
    const found = users?.filter((candidate) => candidate.terraUserId === terraUserId) ?? [];
    const [user] = this.toldTimes.ofUsers(found.slice(0, 1));
    if (user) return { user, isAuthenticated: asRecord(body).is_authenticated !== false };
    if (users?.length === 0) return null;
    throw new TerraMalformedAnswerError();
  }

  /**
   * `GET /userInfo?reference_id=`: Terra's users with this reference, in any of the three documented shapes. The shape
   * `{user}` has only one of these users. null for a 404, which Terra answers to an unknown reference and to a wrong
   * dev-id.
   *
   * @throws TerraMalformedAnswerError for any other answer, which must never count as an empty list
   */
  async listUsersOf(referenceId: string, deadlineMs?: number): Promise<TerraUser[] | null> {
    const body = await this.orNull({
      operation: 'users-of-reference',
      method: 'GET',
      url: `${this.options.apiUrl}/userInfo`,
      query: { reference_id: referenceId },
      repeatable: true,
      maxAnswerBytes: MAX_BYTES.usersOfReference,
      deadlineMs,
    });
    if (body === null) return null;
    const users = readTerraUsers(body);
    if (!users) throw new TerraMalformedAnswerError();
    return this.toldTimes.ofUsers(users);
  }

  /**
   * `GET /subscriptions?page=`: a page of all users of this Terra account. The first page is 0.
   *
   * @throws TerraMalformedAnswerError for an answer without a list of users, or with an impossible `next`;
   *   TerraListTooLongError for a list that has too many pages
   */
  async listUsersPage(page: number, perPage = USERS_PER_PAGE, deadlineMs?: number): Promise<TerraUserPage> {
    const body = await this.send({
      operation: 'users-page',
      method: 'GET',
      url: `${this.options.apiUrl}/subscriptions`,
      query: { page: String(page), per_page: String(perPage) },
      repeatable: true,
      retry: PAGE_RETRY,
      maxAnswerBytes: MAX_BYTES.page,
      deadlineMs,
    });
    const read = readTerraUserPage(body, page);
    if (!read) throw new TerraMalformedAnswerError();
    if (perPage === USERS_PER_PAGE && read.next !== null && read.next >= MAX_PAGES)
      throw new TerraListTooLongError(MAX_PAGES);
    return { ...read, users: this.toldTimes.ofUsers(read.users) };
  }

  /** Whether Terra has no such user. A wrong dev-id also gets a 404, so a second call shows that the credentials work. */
  async isGone(terraUserId: string): Promise<boolean> {
    if (await this.findUser(terraUserId, GONE_DEADLINE_MS)) return false;
    await this.assertCredentials(GONE_DEADLINE_MS);
    return true;
  }

  /** Fails if Terra rejects the credentials. @throws the Terra errors of `terra.errors.ts` */
  async assertCredentials(deadlineMs: number): Promise<void> {
    await this.listUsersPage(0, 1, deadlineMs);
  }

  /**
   * `DELETE /auth/deauthenticateUser`: true when Terra ended the user, false for an unknown user. The service does not
   * repeat the call by itself: after a 5xx or without an answer, Terra may have ended the user, so look first.
   */
  async deauthenticate(terraUserId: string): Promise<boolean> {
    const body = await this.orNull({
      operation: 'deauthenticate',
      method: 'DELETE',
      url: `${this.options.apiUrl}/auth/deauthenticateUser`,
      query: { user_id: terraUserId },
      repeatable: false,
    });
    if (body !== null) return true;
    await this.assertCredentials(GONE_DEADLINE_MS);
    return false;
  }

  /**
   * Creates a token for Terra's phone SDK. Terra binds it to the reference, so that a phone cannot connect to another
   * end user. `/auth/tokens` is the new name of `/auth/generateAuthToken`; some Terra accounts have only the old one.
   */
  async createSdkToken(referenceId: string): Promise<SdkToken> {
    const call = (path: string): TerraCall => ({
      operation: 'sdk-token',
      method: 'POST',
      url: `${this.options.apiUrl}${path}`,
      query: { reference_id: referenceId },
      repeatable: false,
      deadlineMs: SDK_TOKEN_DEADLINE_MS,
    });
    const answer =
      (await this.orNull(call('/auth/tokens'))) ?? (await this.send(call('/auth/generateAuthToken')));
    const body = asRecord(answer);
    const token = textOf(body.token);
    if (!token) throw new TerraMalformedAnswerError();
    return { token, expiresInSeconds: expiryOf(body.expires_in) ?? SDK_TOKEN_SECONDS };
  }

  /**
   * `GET /integrations/detailed`: the providers that are enabled for this Terra account. `sdk=true` lists phone-only
   * providers. Terra does not document clearly whether that list also has all others, so this reads both lists.
   */
  async listProviders(): Promise<TerraProvider[]> {
    const lists = await Promise.all([this.listIntegrations({}), this.listIntegrations({ sdk: 'true' })]);
    // A list may have a provider under two codes. Then the canonical one, which comes last, is used.
    const listed = lists.flat().sort((a, b) => Number(isAlias(b)) - Number(isAlias(a)));
    const byCode = new Map(listed.map((provider) => [provider.provider, provider]));
    return [...byCode.values()].sort((a, b) => (a.provider < b.provider ? -1 : 1));
  }

  private async listIntegrations(query: Record<string, string>): Promise<TerraProvider[]> {
    const body = asRecord(
      await this.send({
        operation: 'providers',
        method: 'GET',
        url: `${this.options.apiUrl}/integrations/detailed`,
        query,
        credentials: 'dev-id only',
        repeatable: true,
        maxAnswerBytes: MAX_BYTES.catalogue,
        deadlineMs: CATALOGUE_DEADLINE_MS,
      }),
    );
    if (!Array.isArray(body.providers)) throw new TerraMalformedAnswerError();
    return asList(body.providers)
      .map(toTerraProvider)
      .filter((provider) => provider !== null);
  }

  private async send(call: TerraCall): Promise<unknown> {
    try {
      return await this.transport.send(call);
    } catch (error) {
      const missing = error instanceof TerraNotFoundError || error instanceof TerraGoneError;
      throw missing ? new TerraEndpointMissingError(call.operation) : error;
    }
  }

  /** Sends a call and returns null for 404: what it asks for does not exist. */
  private async orNull(call: TerraCall): Promise<unknown> {
    try {
      return await this.transport.send({ ...call, mayBeAbsent: true });
    } catch (error) {
      if (error instanceof TerraNotFoundError) return null;
      if (error instanceof TerraGoneError) throw new TerraEndpointMissingError(call.operation);
      throw error;
    }
  }
}

function isAlias({ provider, terraCode }: TerraProvider): boolean {
  return provider !== terraCode;
}
