import { Inject, Injectable } from '@nestjs/common';
import { Clock, DomainError } from '../common';
import { reconciliationOf, TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../config';
import { ConnectSessionsService } from '../connect-sessions';
import { ConnectionHistoryService, ConnectionsService, DeauthenticationsService } from '../connections';
import type { Connection } from '../connections';
import { TerraClient } from '../terra';
import { WebhookEventsService } from '../webhooks';
import { conclude, type Conclusions } from './conclusions';
import type { DiagnosedConnection, DiagnosisInput, TerraView } from './diagnosis-input';

const SESSIONS = 20;
const WEBHOOKS = 50;
const HISTORY_LINES = 20;
const TERRA_DEADLINE_MS = 4_000;

export interface Diagnosis extends Conclusions {
  facts: DiagnosisInput;
}

/** Why is this person not connected? Reads everything, and changes nothing. */
@Injectable()
export class DiagnosisService {
  constructor(
    private readonly sessions: ConnectSessionsService,
    private readonly connections: ConnectionsService,
    private readonly histories: ConnectionHistoryService,
    private readonly deauthentications: DeauthenticationsService,
    private readonly webhooks: WebhookEventsService,
    private readonly terra: TerraClient,
    private readonly clock: Clock,
    @Inject(TERRA_CONNECT_OPTIONS) private readonly options: TerraConnectOptions,
  ) {}

  /** @param options `askTerra: false` for who has no credentials of Terra's */
  async diagnose(referenceId: string, { askTerra = true } = {}): Promise<Diagnosis> {
    const [terra, facts] = await Promise.all([
      askTerra ? this.viewOfTerra(referenceId) : { answered: false as const, cause: 'not_asked' },
      this.gather(referenceId),
    ]);
    const all = { ...facts, terra };
    return { facts: all, ...conclude(all) };
  }

  private async gather(referenceId: string): Promise<Omit<DiagnosisInput, 'terra'>> {
    const [sessions, found, asked, lastWebhookAt, erasedAt] = await Promise.all([
      this.sessions.listOf(referenceId, SESSIONS),
      this.connections.allOf(referenceId),
      this.deauthentications.listOf(referenceId),
      this.webhooks.lastReceivedAt(),
      this.connections.erasedAt(referenceId),
    ]);
    const connections: DiagnosedConnection[] = [];
    // One after the other: a person with many must not take all connections of the pool.
    for (const connection of found) connections.push(await this.read(connection));
    const terraUserIds = connections.flatMap(({ identities }) => identities.map((one) => one.terraUserId));
    const webhooks = await this.webhooks.listOfPerson(referenceId, terraUserIds, WEBHOOKS);
    const cameBack = sessions.length + connections.length > 0;
    return {
      referenceId,
      now: this.clock.now(),
      erasedAt: cameBack ? null : erasedAt,
      sessions,
      connections,
      deauthentications: asked.filter(({ status }) => status === 'pending'),
      webhooks,
      lastWebhookAt,
      quietAfterHours: reconciliationOf(this.options.reconciliation).quietAfterHours,
    };
  }

  private async read(connection: Connection): Promise<DiagnosedConnection> {
    const identities = await this.connections.identitiesOf(connection.id);
    const { items: history } = await this.histories.history(connection.id, { limit: HISTORY_LINES });
    return { connection, identities, history };
  }

  /** That Terra does not answer is a finding, not a failure. */
  private async viewOfTerra(referenceId: string): Promise<TerraView> {
    try {
      const users = await this.terra.listUsersOf(referenceId, TERRA_DEADLINE_MS);
      return { answered: true, users: users ?? [] };
    } catch (error) {
      if (error instanceof DomainError) return { answered: false, cause: error.code };
      throw error;
    }
  }
}
