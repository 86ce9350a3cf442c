import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../common';
import { SessionErasureService } from '../connect-sessions';
import { ConnectionErasureService } from '../connections';
import { inTransaction } from '../database';
import { SweepErasureService } from '../reconciliation';
import { WebhookErasureService } from '../webhooks';
import { EndUserNotFoundError } from './privacy.errors';
import { ErasureRepository } from './erasure.repository';

type Row = Record<string, unknown>;

/** Everything that is held about one end user, table by table, oldest first. */
export interface EndUserExport {
  referenceId: string;
  exportedAt: Date;
  connections: Row[];
  identities: Row[];
  facts: Row[];
  connectSessions: Row[];
  webhookEvents: Row[];
  deauthentications: Row[];
  sweepFindings: Row[];
  erasures: Row[];
}

// Keys to what is the person's, not data about them.
const SECRETS = ['connectToken', 'widgetUrl', 'returnNonceHash', 'idempotencyKey', 'idempotencyDigest'];
const INTERNAL = ['factKey', 'accountDigest', 'dedupeKey', 'signatureDigest', 'referenceDigest'];

/** Gathers everything that is held about one end user, as of one moment. */
@Injectable()
export class ExportService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly repository: ErasureRepository,
    private readonly connections: ConnectionErasureService,
    private readonly sessions: SessionErasureService,
    private readonly webhooks: WebhookErasureService,
    private readonly sweeps: SweepErasureService,
    private readonly clock: Clock,
  ) {}

  /** @throws EndUserNotFoundError when nothing is held */
  async export(referenceId: string): Promise<EndUserExport> {
    const exported = await inTransaction(this.dataSource, (manager) => this.gather(manager, referenceId));
    const tables = Object.values(exported).filter((value): value is Row[] => Array.isArray(value));
    if (tables.every((rows) => rows.length === 0)) throw new EndUserNotFoundError();
    return exported;
  }

  private async gather(manager: EntityManager, referenceId: string): Promise<EndUserExport> {
    await this.repository.freeze(manager);
    const { terraUserIds, ...records } = await this.connections.recordsOf(manager, referenceId);
    const sessions = await this.sessions.listOf(manager, referenceId);
    const links = await this.sessions.linksOf(
      manager,
      sessions.map(({ id }) => id),
    );
    const events = await this.webhooks.listOf(manager, { referenceId, terraUserIds });
    return {
      referenceId,
      exportedAt: this.clock.now(),
      connections: records.connections.map(toRow),
      identities: records.identities.map(toRow),
      facts: records.facts.map(toRow),
      connectSessions: sessions.map((session) => ({
        ...toRow(session),
        connectionIds: links
          .filter(({ sessionId }) => sessionId === session.id)
          .map((link) => link.connectionId),
      })),
      webhookEvents: events.map(({ body, ...event }) => ({ ...toRow(event), body: body.toString('utf8') })),
      deauthentications: records.deauthentications.map(toRow),
      sweepFindings: (await this.sweeps.findingsOf(manager, { referenceId, terraUserIds })).map(toRow),
      erasures: (await this.repository.listOf(manager, referenceId)).map(toRow),
    };
  }
}

function toRow(row: object): Row {
  return Object.fromEntries(
    Object.entries(row).filter(([name]) => !SECRETS.includes(name) && !INTERNAL.includes(name)),
  );
}
