import { Inject, Injectable, Logger } from '@nestjs/common';
import { validate as isUuid, v7 as uuidv7 } from 'uuid';
import {
  Clock,
  describeReferenceIdProblem,
  DomainError,
  randomToken,
  RequestInvalidError,
  sha256,
} from '../common';
import { TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../config';
import { Connection, ConnectionsService } from '../connections';
import { Metrics } from '../observability';
import { ProvidersService } from '../providers';
import { TerraClient } from '../terra';
import { OPEN_STATUSES } from './connect-session-status';
import { ConnectSession } from './connect-session.entity';
import { ConnectSessionRepository } from './connect-session.repository';
import {
  ConnectLinkExpiredError,
  ConnectLinkSpentError,
  ConnectLinkUnknownError,
  ConnectSessionNotFoundError,
  IdempotencyInFlightError,
  IdempotencyKeyReusedError,
} from './connect-sessions.errors';
import { describeMetadataProblem } from './dto/metadata.validator';
import { digestOf } from './idempotency';
import { ReturnTargets } from './return-targets';

/** Catalogue, pool and Terra give up before this; what is older was abandoned by a process that died. */
const CREATION_LIMIT_MS = 30_000;

export interface CreateConnectSession {
  referenceId: string;
  /** Upper-case codes; empty or absent: whatever the account offers. */
  providers?: string[];
  /** A connection of this end user that is to be connected anew; nothing is disconnected first. */
  connectionId?: string;
  language?: string;
  returnUrl?: string;
  failureReturnUrl?: string;
  metadata?: Record<string, unknown>;
  showDisconnect?: boolean;
  multiAuth?: boolean;
}

export interface CreateOptions {
  /** The API key that asks; a host application that calls this service itself has none. */
  apiKeyId?: string;
  idempotencyKey?: string | null;
}

export interface ConnectSessionWithOutcome {
  session: ConnectSession;
  connections: Connection[];
}

/** Connect sessions: make one, read its outcome, send the person's browser to the widget. */
@Injectable()
export class ConnectSessionsService {
  private readonly logger = new Logger(ConnectSessionsService.name);

  constructor(
    private readonly repository: ConnectSessionRepository,
    private readonly connections: ConnectionsService,
    private readonly providers: ProvidersService,
    private readonly returnTargets: ReturnTargets,
    private readonly terra: TerraClient,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    @Inject(TERRA_CONNECT_OPTIONS) private readonly options: TerraConnectOptions,
  ) {}

  /**
   * Makes a session and its widget URL. With an idempotency key, the same request gives the same session.
   *
   * @throws ReturnUrlNotAllowedError, ProviderUnknownError, ConnectionNotFoundError, ConnectionDisconnectingError,
   *   IdempotencyKeyReusedError, IdempotencyInFlightError, and the Terra errors of `terra.errors.ts`
   */
  async create(
    request: CreateConnectSession,
    options: CreateOptions = {},
  ): Promise<ConnectSessionWithOutcome> {
    const nonce = randomToken();
    const session = await this.reconnecting(request, this.newSession(request, options, nonce));
    await this.providers.assertOffered(session.providers);
    const holder = await this.claim(session);
    if (holder) return this.withOutcome(holder);
    return { session: await this.openAtTerra(session, nonce), connections: [] };
  }

  /** @throws ConnectSessionNotFoundError */
  async get(id: string): Promise<ConnectSessionWithOutcome> {
    const session = await this.repository.findById(id);
    if (!session) throw new ConnectSessionNotFoundError();
    return this.withOutcome(session);
  }

  /** Of an end user, newest first. */
  async listOf(referenceId: string, limit: number): Promise<ConnectSession[]> {
    const sessions = await this.repository.listOf(referenceId, limit);
    return sessions.map((session) => this.withExpiry(session));
  }

  /**
   * The person follows the connect URL. May happen several times (chat programs fetch links ahead, people reload): the
   * widget URL stays the same until the session ends.
   *
   * @returns the widget URL to send the browser to
   * @throws ConnectLinkUnknownError, ConnectLinkSpentError, ConnectLinkExpiredError
   */
  async open(connectToken: string): Promise<string> {
    const found = await this.repository.findByConnectToken(connectToken);
    if (!found?.widgetUrl) throw new ConnectLinkUnknownError();
    const session = this.withExpiry(found);
    if (session.status === 'expired') throw new ConnectLinkExpiredError();
    if (!OPEN_STATUSES.includes(session.status)) throw new ConnectLinkSpentError();
    if (await this.repository.markOpened(session.id, this.clock.now()))
      this.metrics.sessions.inc({ status: 'opened' });
    return found.widgetUrl;
  }

  connectUrlOf(session: ConnectSession): string {
    return `${this.options.publicUrl}/connect/${session.connectToken}`;
  }

  /** Sessions expire by the clock: nothing has to run for a link to stop working. The worker writes it down later. */
  withExpiry(session: ConnectSession): ConnectSession {
    if (!OPEN_STATUSES.includes(session.status) || session.expiresAt > this.clock.now()) return session;
    const endedAt = session.expiresAt;
    // Without a widget URL its creation died.
    if (session.widgetUrl === null)
      return { ...session, status: 'failed', failureReason: 'abandoned', endedAt };
    return { ...session, status: 'expired', endedAt };
  }

  private async withOutcome(session: ConnectSession): Promise<ConnectSessionWithOutcome> {
    const ids = await this.repository.listConnectionIds(session.id);
    const found = await Promise.all(ids.map((connectionId) => this.connections.get(connectionId)));
    // Two of them may have been merged since: an account that was connected twice is one connection.
    const connections = [...new Map(found.map((connection) => [connection.id, connection])).values()];
    return { session: this.withExpiry(session), connections };
  }

  /** Binds a session to the connection that it is to reconnect, if the request names one. */
  private async reconnecting(
    { referenceId, connectionId }: CreateConnectSession,
    session: ConnectSession,
  ): Promise<ConnectSession> {
    if (connectionId == null) return session;
    const { id, provider, terraUserId } = await this.connections.getReconnectable(connectionId, referenceId);
    if (session.providers.some((asked) => asked !== provider)) {
      const detail = `can only be that of the connection, ${provider}; leave it out`;
      throw new RequestInvalidError([{ field: 'providers', detail }]);
    }
    return {
      ...session,
      providers: [provider],
      reconnectsConnectionId: id,
      reconnectsTerraUserId: terraUserId,
    };
  }

  /** @returns the session that holds the idempotency key already, or null when the new one was stored */
  private async claim(session: ConnectSession): Promise<ConnectSession | null> {
    const holder = await this.repository.insertOrFindHolder(session);
    if (!holder) return null;
    if (session.idempotencyDigest && !holder.idempotencyDigest?.equals(session.idempotencyDigest)) {
      throw new IdempotencyKeyReusedError();
    }
    if (holder.widgetUrl !== null) return holder;
    const now = this.clock.now();
    await this.repository.releaseAbandoned(holder.id, new Date(now.getTime() - CREATION_LIMIT_MS), now);
    const stillThere = await this.repository.insertOrFindHolder(session);
    if (stillThere) throw new IdempotencyInFlightError();
    return null;
  }

  private async openAtTerra(session: ConnectSession, nonce: string): Promise<ConnectSession> {
    const returnUrl = `${this.options.publicUrl}/connect/return/${nonce}`;
    try {
      const widget = await this.terra.createWidgetSession({
        ...session,
        successUrl: `${returnUrl}/success`,
        failureUrl: `${returnUrl}/failure`,
      });
      const change = {
        terraSessionId: widget.terraSessionId,
        widgetUrl: widget.url,
        widgetGeneration: widget.generation,
        warnings: widget.warnings,
        expiresAt: new Date(this.clock.now().getTime() + widget.expiresInSeconds * 1_000),
      };
      if (!(await this.repository.storeWidget(session.id, change))) throw new IdempotencyInFlightError();
      this.metrics.sessions.inc({ status: 'pending' });
      this.logger.log({ event: 'session.created', sessionId: session.id, generation: widget.generation });
      return { ...session, ...change };
    } catch (error) {
      const failureReason = error instanceof DomainError ? error.code : 'internal';
      await this.repository.recordCreationFailure(session.id, failureReason, this.clock.now());
      throw error;
    }
  }

  private newSession(request: CreateConnectSession, options: CreateOptions, nonce: string): ConnectSession {
    assertStorable(request);
    const now = this.clock.now();
    const idempotencyKey = options.idempotencyKey ?? null;
    return {
      id: uuidv7(),
      referenceId: request.referenceId,
      status: 'pending',
      failureReason: null,
      providers: [...new Set((request.providers ?? []).map((code) => code.toUpperCase()))],
      language: request.language ?? null,
      showDisconnect: request.showDisconnect ?? false,
      multiAuth: request.multiAuth ?? false,
      returnUrl: this.returnTargets.check('returnUrl', request.returnUrl),
      failureReturnUrl: this.returnTargets.check('failureReturnUrl', request.failureReturnUrl),
      metadata: request.metadata ?? null,
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
      idempotencyDigest: idempotencyKey === null ? null : digestOf(request),
      createdAt: now,
      updatedAt: now,
      expiresAt: new Date(now.getTime() + CREATION_LIMIT_MS),
      openedAt: null,
      endedAt: null,
    };
  }
}

// The API's own validation says the same; a host application that calls this service has had none.
function assertStorable({ referenceId, connectionId, metadata }: CreateConnectSession): void {
  const problems = [
    { field: 'referenceId', detail: describeReferenceIdProblem(referenceId) },
    {
      field: 'connectionId',
      detail: connectionId == null || isUuid(connectionId) ? null : 'must be the id of a connection',
    },
    { field: 'metadata', detail: metadata == null ? null : describeMetadataProblem(metadata) },
  ].flatMap(({ field, detail }) => (detail === null ? [] : { field, detail }));
  if (problems.length > 0) throw new RequestInvalidError(problems);
}
