import { Inject, Injectable } from '@nestjs/common';
import { TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../config';
import {
  TerraEndpointMissingError,
  TerraGoneError,
  TerraMalformedAnswerError,
  TerraNotFoundError,
} from './terra.errors';
import { TerraTransport, type TerraCall } from './terra.transport';
import {
  readTerraUserPage,
  readTerraUsers,
  toTerraProvider,
  toTerraUsers,
  type SdkToken,
  type TerraProvider,
  type TerraUser,
  type TerraUserPage,
  type WidgetSession,
  type WidgetSessionRequest,
} from './terra.types';
import { WidgetSessionGateway } from './widget-session.gateway';
import { asList, asRecord, numberOf, textOf } from './wire';

const SDK_TOKEN_SECONDS = 180;
// Terra's own default: some 100 KB.
const USERS_PER_PAGE = 500;
// Each of the two spellings gets half of what a call may take.
const SDK_TOKEN_DEADLINE_MS = 5_000;
// The catalogue is a convenience in front of the call that matters: it may not use up the caller's patience.
const CATALOGUE_DEADLINE_MS = 3_000;

/** What we ask of Terra, one method per operation. Every method ends within ten seconds. */
@Injectable()
export class TerraClient {
  constructor(
    private readonly transport: TerraTransport,
    private readonly widgetSessions: WidgetSessionGateway,
    @Inject(TERRA_CONNECT_OPTIONS) private readonly options: TerraConnectOptions,
  ) {}

  createWidgetSession(request: WidgetSessionRequest): Promise<WidgetSession> {
    return this.widgetSessions.create(request);
  }

  /**
   * `GET /userInfo?user_id=`: the user with whether its authentication was completed; null when Terra knows no such
   * user.
   */
  async findUser(
    terraUserId: string,
    deadlineMs?: number,
  ): Promise<{ user: TerraUser; isAuthenticated: boolean } | null> {
    const body = await this.orNull({
      operation: 'user-info',
      method: 'GET',
      url: `${this.options.terra.apiUrl}/userInfo`,
      query: { user_id: terraUserId },
      repeatable: true,
      deadlineMs,
    });
    const user = toTerraUsers(body).find((candidate) => candidate.terraUserId === terraUserId);
    return user ? { user, isAuthenticated: asRecord(body).is_authenticated !== false } : null;
  }

  /**
   * `GET /userInfo?reference_id=`: everybody whom Terra holds under a reference, in any of the three shapes that it has
   * been described in; `{user}` names one where there may be more. null on a 404, which Terra gives for a reference that
   * nobody has, and has given for a wrong dev-id.
   *
   * @throws TerraMalformedAnswerError for any other answer: it never passes for "nobody"
   */
  async listUsersOf(referenceId: string, deadlineMs?: number): Promise<TerraUser[] | null> {
    const body = await this.orNull({
      operation: 'users-of-reference',
      method: 'GET',
      url: `${this.options.terra.apiUrl}/userInfo`,
      query: { reference_id: referenceId },
      repeatable: true,
      deadlineMs,
    });
    if (body === null) return null;
    const users = readTerraUsers(body);
    if (!users) throw new TerraMalformedAnswerError();
    return users;
  }

  /**
   * `GET /subscriptions?page=`: a page, counted from zero, of everybody whom Terra holds for this account.
   *
   * @throws TerraMalformedAnswerError for an answer without a list of users, or whose `next` leads nowhere
   */
  async listUsersPage(page: number, perPage = USERS_PER_PAGE, deadlineMs?: number): Promise<TerraUserPage> {
    const body = await this.send({
      operation: 'users-page',
      method: 'GET',
      url: `${this.options.terra.apiUrl}/subscriptions`,
      query: { page: String(page), per_page: String(perPage) },
      repeatable: true,
      deadlineMs,
    });
    const read = readTerraUserPage(body, page);
    if (!read) throw new TerraMalformedAnswerError();
    return read;
  }

  /** `DELETE /auth/deauthenticateUser`: true when Terra ended it now, false when it did not know the user. */
  async deauthenticate(terraUserId: string): Promise<boolean> {
    const body = await this.orNull({
      operation: 'deauthenticate',
      method: 'DELETE',
      url: `${this.options.terra.apiUrl}/auth/deauthenticateUser`,
      query: { user_id: terraUserId },
      repeatable: true,
    });
    return body !== null;
  }

  /**
   * A token for Terra's phone SDK that is bound to the reference: a phone cannot attach its device to somebody else.
   * `/auth/tokens` is the new name of `/auth/generateAuthToken`; accounts that lack it get the old one.
   */
  async createSdkToken(referenceId: string): Promise<SdkToken> {
    const call = (path: string): TerraCall => ({
      operation: 'sdk-token',
      method: 'POST',
      url: `${this.options.terra.apiUrl}${path}`,
      query: { reference_id: referenceId },
      repeatable: false,
      deadlineMs: SDK_TOKEN_DEADLINE_MS,
    });
    const answer =
      (await this.orNull(call('/auth/tokens'))) ?? (await this.send(call('/auth/generateAuthToken')));
    const body = asRecord(answer);
    const token = textOf(body.token);
    if (!token) throw new TerraMalformedAnswerError();
    return { token, expiresInSeconds: numberOf(body.expires_in) ?? SDK_TOKEN_SECONDS };
  }

  /**
   * `GET /integrations/detailed`: what is enabled for this account. Phone-only providers come with `sdk=true`; whether
   * beside the others or instead of them is not documented clearly, so both lists are asked for.
   */
  async listProviders(): Promise<TerraProvider[]> {
    const lists = await Promise.all([this.listIntegrations({}), this.listIntegrations({ sdk: 'true' })]);
    const byCode = new Map(lists.flat().map((provider) => [provider.provider, provider]));
    return [...byCode.values()].sort((a, b) => (a.provider < b.provider ? -1 : 1));
  }

  private async listIntegrations(query: Record<string, string>): Promise<TerraProvider[]> {
    const body = asRecord(
      await this.send({
        operation: 'providers',
        method: 'GET',
        url: `${this.options.terra.apiUrl}/integrations/detailed`,
        query,
        credentials: 'dev-id only',
        repeatable: true,
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

  /** For questions that Terra may rightly answer with "no such thing". */
  private async orNull(call: TerraCall): Promise<unknown> {
    try {
      return await this.transport.send(call);
    } catch (error) {
      if (error instanceof TerraNotFoundError) return null;
      if (error instanceof TerraGoneError) throw new TerraEndpointMissingError(call.operation);
      throw error;
    }
  }
}
