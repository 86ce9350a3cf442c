import { Injectable } from '@nestjs/common';
import { validate as isUuid, v7 as uuidv7 } from 'uuid';
import { Clock, describeNewReferenceIdProblem, randomToken, RequestInvalidError, sha256 } from '../common';
import { ConnectionsService } from '../connections';
import type { Page } from '../http';
import { ProvidersService } from '../providers';
import { canonicalProvider } from '../terra';
import { BrowserUrls } from './browser-urls';
import { ConnectSession } from './connect-session.entity';
import { canonicalLanguage, describeLanguageProblem } from './language-tag';
import { CreateConnectSessionDto } from './dto/create-connect-session.dto';
import { describeMetadataProblem } from './dto/metadata.validator';
import { digestOf } from './idempotency';
import {
  SessionReaderService,
  type ConnectSessionFilter,
  type ConnectSessionWithOutcome,
} from './session-reader.service';
import { firstInRow, nextInRow } from './session-renewals';
import { CREATION_LIMIT_MS, SessionStarterService } from './session-starter.service';

export interface CreateConnectSession {
  referenceId: string;
  /** Codes of the providers to offer; empty or absent: all that your Terra account has enabled. */
  providers?: string[];
  /** A connection of this end user to reconnect. The service does not disconnect the old account first. */
  connectionId?: string;
  /** A BCP 47 tag. */
  language?: string;
  returnUrl?: string;
  failureReturnUrl?: string;
  metadata?: Record<string, unknown>;
  showDisconnect?: boolean;
  multiAuth?: boolean;
  useTerraAvengersApp?: boolean;
  appleAppUrl?: string;
  samsungAppUrl?: string;
  /** Connections of this end user in use, each by its id or by its Terra user. */
  connectedUids?: string[];
  bypassFeedback?: boolean;
  /** Whether the end user can get a fresh session when this one has expired. */
  renewable?: boolean;
}

export interface CreateOptions {
  /** The API key of the caller; a host that calls this class has none. */
  apiKeyId?: string;
  idempotencyKey?: string | null;
  /** An expired session that the new one replaces, with the same settings. */
  renews?: ConnectSession;
}

/** Creates connect sessions, and reads their outcome. */
@Injectable()
export class ConnectSessionsService {
  constructor(
    private readonly reader: SessionReaderService,
    private readonly starter: SessionStarterService,
    private readonly urls: BrowserUrls,
    private readonly connections: ConnectionsService,
    private readonly providers: ProvidersService,
    private readonly clock: Clock,
  ) {}

  /**
   * Creates a session with its widget URL. With an idempotency key, the same request gives the same session.
   *
   * @throws RequestInvalidError, ReturnUrlNotAllowedError, ProviderUnknownError, ConnectionNotFoundError,
   *   ConnectionDisconnectingError, RateLimitedError, IdempotencyKeyReusedError, IdempotencyInFlightError, and the Terra errors of
   *   `terra.errors.ts`
   */
  async create(
    request: CreateConnectSession,
    options: CreateOptions = {},
  ): Promise<ConnectSessionWithOutcome> {
    const nonce = randomToken();
    const unbound = this.newSession(request, options, nonce);
    const connectedUids = await this.terraUsersOf(request, options);
    const session = await this.bindToConnection({ ...unbound, connectedUids }, request);
    const terraProviders = await this.providers.terraCodesOf(session.providers);
    const started = await this.starter.start(session, {
      terraProviders,
      ...this.urls.callbackUrls(nonce),
    });
    return this.reader.withOutcome(started);
  }

  /** @throws ConnectSessionNotFoundError */
  get(id: string): Promise<ConnectSessionWithOutcome> {
    return this.reader.get(id);
  }

  /** A page of the sessions that match, newest first. */
  list(filter: ConnectSessionFilter): Promise<Page<ConnectSessionWithOutcome>> {
    return this.reader.list(filter);
  }

  /** The sessions of an end user, newest first. */
  listOf(referenceId: string, limit: number): Promise<ConnectSession[]> {
    return this.reader.listOf(referenceId, limit);
  }

  connectUrlOf({ connectToken }: ConnectSession): string {
    return this.urls.connectUrl(connectToken);
  }

  private newSession(request: CreateConnectSession, options: CreateOptions, nonce: string): ConnectSession {
    // The validation pipe has checked a request of the API. It has not checked the request of a host.
    if (!(request instanceof CreateConnectSessionDto)) assertStorable(request);
    const now = this.clock.now();
    const idempotencyKey = options.idempotencyKey ?? null;
    return {
      id: uuidv7(),
      referenceId: request.referenceId,
      status: 'pending',
      failureReason: null,
      providerReason: null,
      providers: [...new Set((request.providers ?? []).map(canonicalProvider))],
      language: request.language == null ? null : canonicalLanguage(request.language),
      showDisconnect: request.showDisconnect ?? false,
      multiAuth: request.multiAuth ?? false,
      useTerraAvengersApp: request.useTerraAvengersApp ?? false,
      appleAppUrl: this.urls.checkReturnUrl('appleAppUrl', request.appleAppUrl),
      samsungAppUrl: this.urls.checkReturnUrl('samsungAppUrl', request.samsungAppUrl),
      connectedUids: [],
      bypassFeedback: request.bypassFeedback ?? null,
      returnUrl: this.urls.checkReturnUrl('returnUrl', request.returnUrl),
      failureReturnUrl: this.urls.checkReturnUrl('failureReturnUrl', request.failureReturnUrl),
      metadata: request.metadata ?? null,
      ...(options.renews ? nextInRow(options.renews) : firstInRow(request.renewable ?? false, now)),
      connectToken: randomToken(),
      returnNonceHash: sha256(nonce),
      returnSpentAt: null,
      successCallbackAt: null,
      checkUserId: null,
      checkAt: null,
      checks: 0,
      reconnectsConnectionId: null,
      reconnectsTerraUserId: null,
      terraSessionId: null,
      widgetUrl: null,
      widgetGeneration: null,
      warnings: [],
      apiKeyId: options.apiKeyId ?? null,
      idempotencyKey,
      idempotencyDigest:
        idempotencyKey === null ? null : digestOf(options.renews ? { renews: options.renews.id } : request),
      createdAt: now,
      updatedAt: now,
      expiresAt: new Date(now.getTime() + CREATION_LIMIT_MS),
      openedAt: null,
      endedAt: null,
    };
  }

  /** Terra rejects a whole request for one unknown Terra user, so the service rejects it first, and says which. */
  private async terraUsersOf(
    { referenceId, connectedUids }: CreateConnectSession,
    { renews }: CreateOptions,
  ): Promise<string[]> {
    const given = connectedUids ?? [];
    if (given.length === 0) return [];
    const found = await this.connections.currentTerraUsers(referenceId, given);
    const unknown = given.findIndex((id) => !found.has(id));
    // A renewal is not the caller's request: connections that have ended since are left out.
    if (unknown !== -1 && !renews) {
      const detail = `entry ${unknown + 1} is neither the id nor the Terra user of a connection of this end user in use`;
      throw new RequestInvalidError([{ field: 'connectedUids', detail }]);
    }
    return [...new Set(found.values())];
  }

  /** Binds the session to the connection to reconnect, if the request names one. */
  private async bindToConnection(
    session: ConnectSession,
    { referenceId, connectionId }: CreateConnectSession,
  ): Promise<ConnectSession> {
    if (connectionId == null) return session;
    const { id, provider, terraUserId } = await this.connections.getReconnectable(connectionId, referenceId);
    const { allowed, preferred } = await this.providers.reconnectChoices(provider);
    if (session.providers.some((asked) => !allowed.includes(asked))) {
      const detail = `can only name the provider of the connection or a successor of it (${allowed.join(', ')}); leave the field out`;
      throw new RequestInvalidError([{ field: 'providers', detail }]);
    }
    return {
      ...session,
      providers: session.providers.length > 0 ? session.providers : [preferred],
      reconnectsConnectionId: id,
      reconnectsTerraUserId: terraUserId,
    };
  }
}

function assertStorable({ referenceId, connectionId, language, metadata }: CreateConnectSession): void {
  const problems = [
    { field: 'referenceId', detail: describeNewReferenceIdProblem(referenceId) },
    {
      field: 'connectionId',
      detail: connectionId == null || isUuid(connectionId) ? null : 'must be the id of a connection',
    },
    { field: 'language', detail: language == null ? null : describeLanguageProblem(language) },
    { field: 'metadata', detail: metadata == null ? null : describeMetadataProblem(metadata) },
  ].flatMap(({ field, detail }) => (detail === null ? [] : { field, detail }));
  if (problems.length > 0) throw new RequestInvalidError(problems);
}
