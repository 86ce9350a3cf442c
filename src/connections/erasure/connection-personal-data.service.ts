import { Injectable } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import { Clock } from '../../common';
import {
  exportedFields,
  type DataSubject,
  type ErasureRequest,
  type ExportSections,
  type ExportPolicy,
  type PersonalData,
  type PruneRule,
} from '../../database';
import { Connection } from '../connection.entity';
import { Deauthentication } from '../deauthentication/deauthentication.entity';
import { DeauthenticationRepository } from '../deauthentication/deauthentication.repository';
import { ConnectionFact } from '../projection/connection-fact.entity';
import { ConnectionIdentity } from '../projection/connection-identity.entity';
import { HistoryCompactionService } from '../projection/history-compaction.service';
import { ownIdsOf, ownPartOf, type OwnPart } from '../projection/own-part';
import { ConnectionErasureRepository } from './connection-erasure.repository';
import { DataSubjectsService } from './data-subjects.service';
import { Tombstone } from './tombstone.entity';
import { TombstoneRepository } from './tombstone.repository';

const CONNECTION_EXPORT: ExportPolicy<Connection> = {
  id: 'own_connection',
  referenceId: 'own_reference',
  provider: 'exported',
  terraUserId: 'own_terra_user',
  status: 'exported',
  statusReason: 'exported',
  statusAt: 'exported',
  scopes: 'exported',
  connectedAt: 'exported',
  disconnectedAt: 'exported',
  originTerraUserId: 'own_terra_user',
  mergedInto: 'own_connection',
  provisionalCheckAt: 'exported',
  succeeds: 'own_connection',
  succeededBy: 'own_connection',
  succeededAt: 'exported',
  accountDigest: 'internal',
  lastDataAt: 'exported',
  reconciledAt: 'exported',
  reconcileAt: 'exported',
  createdAt: 'exported',
  updatedAt: 'exported',
};

const IDENTITY_EXPORT: ExportPolicy<ConnectionIdentity> = {
  terraUserId: 'own_terra_user',
  connectionId: 'own_connection',
  referenceId: 'own_reference',
  provider: 'exported',
  cause: 'exported',
  firstSeenAt: 'exported',
  linkedAt: 'exported',
  supersededBy: 'own_terra_user',
  supersededAt: 'exported',
  endedAt: 'exported',
  endedCause: 'exported',
  missingSince: 'exported',
  inactiveSince: 'exported',
};

const FACT_EXPORT: ExportPolicy<ConnectionFact> = {
  id: 'exported',
  factKey: 'internal',
  terraUserId: 'own_terra_user',
  kind: 'exported',
  cause: 'exported',
  source: 'exported',
  occurredAt: 'exported',
  referenceId: 'own_reference',
  provider: 'exported',
  oldTerraUserId: 'own_terra_user',
  oldReferenceId: 'own_reference',
  scopes: 'exported',
  scopesAdded: 'exported',
  scopesRemoved: 'exported',
  actor: 'exported',
  reason: 'exported',
  sourceId: 'exported',
  decides: 'internal',
  // The facts that it repeats are exported.
  scopeDigest: 'internal',
  recordedAt: 'exported',
};

const DEAUTHENTICATION_EXPORT: ExportPolicy<Deauthentication> = {
  id: 'exported',
  terraUserId: 'own_terra_user',
  connectionId: 'own_connection',
  referenceId: 'own_reference',
  actor: 'exported',
  reason: 'exported',
  status: 'exported',
  attempts: 'exported',
  requestedAt: 'exported',
  nextAttemptAt: 'exported',
  lastAttemptAt: 'exported',
  lastOutcome: 'exported',
  confirmedAt: 'exported',
  verifiedAt: 'exported',
};

/** The personal data of connections, their Terra users, facts and deauthentication requests. */
@Injectable()
export class ConnectionPersonalData implements PersonalData {
  readonly entities = [Connection, ConnectionFact, ConnectionIdentity, Deauthentication, Tombstone];

  readonly pruneRules: readonly PruneRule[] = [
    {
      table: 'deauthentications',
      days: ({ deauthenticationsDays }) => deauthenticationsDays,
      prune: (before, signal) => this.deauthentications.pruneConfirmed(before, signal),
    },
    {
      table: 'connection_facts',
      days: ({ historyDays }) => historyDays,
      prune: (before, signal) => this.compaction.compactAll(before, signal),
    },
  ];

  constructor(
    private readonly repository: ConnectionErasureRepository,
    private readonly subjects: DataSubjectsService,
    private readonly tombstones: TombstoneRepository,
    private readonly deauthentications: DeauthenticationRepository,
    private readonly compaction: HistoryCompactionService,
    private readonly clock: Clock,
  ) {}

  /** Ends every connection. From now on, the service drops facts that occurred before this moment. */
  async beginErasure(manager: EntityManager, { referenceId, actor }: ErasureRequest): Promise<void> {
    await this.subjects.disconnectAll(manager, referenceId, actor);
    await this.tombstones.add(manager, { referenceId, terraUserIds: [] }, this.clock.now());
  }

  async erasureObstacle(manager: EntityManager, { referenceId }: ErasureRequest): Promise<string | null> {
    const terraUserIds = await this.repository.terraUsersOf(manager, referenceId);
    const status = 'pending';
    const isPending = await manager.existsBy(Deauthentication, [
      { referenceId, status },
      { terraUserId: In(terraUserIds), status },
    ]);
    return isPending ? 'terra_has_not_confirmed' : null;
  }

  async exportRows(manager: EntityManager, subject: DataSubject): Promise<Partial<ExportSections>> {
    const { referenceId, terraUserIds } = subject;
    const connections = await manager.find(Connection, { where: { referenceId }, order: { id: 'ASC' } });
    const identities = await manager.find(ConnectionIdentity, {
      where: { terraUserId: In(terraUserIds) },
      order: { firstSeenAt: 'ASC', terraUserId: 'ASC' },
    });
    const facts = await this.repository.factsNaming(manager, subject);
    const own = ownIdsOf(subject, facts);
    const deauthentications = await this.subjects.deauthenticationsOf(manager, subject);
    return {
      connections: connections.map((row) => exportedFields(row, CONNECTION_EXPORT, subject)),
      identities: identities.map((row) => exportedFields(row, IDENTITY_EXPORT, subject)),
      facts: facts.map((fact) =>
        exportedFields<OwnPart<ConnectionFact>>(ownPartOf(fact, own), FACT_EXPORT, subject),
      ),
      deauthentications: deauthentications.map((row) =>
        exportedFields(row, DEAUTHENTICATION_EXPORT, subject),
      ),
    };
  }

  async erase(manager: EntityManager, subject: DataSubject): Promise<Record<string, number>> {
    const naming = await this.repository.factsNaming(manager, subject);
    const named = naming.flatMap(({ terraUserId, oldTerraUserId }) => [terraUserId, oldTerraUserId ?? []]);
    const ofOthers = await this.repository.ofOthers(manager, named.flat(), subject.referenceId);
    const isNeeded = ({ terraUserId, oldTerraUserId }: ConnectionFact): boolean =>
      ofOthers.has(terraUserId) || (oldTerraUserId !== null && ofOthers.has(oldTerraUserId));
    for (const fact of naming.filter(isNeeded))
      await this.repository.pseudonymizeFact(manager, fact, subject);
    const needless = naming.filter((fact) => !isNeeded(fact));
    await this.repository.deleteFacts(manager, needless);
    await this.tombstones.add(manager, subject, this.clock.now());
    const { identities, connections } = await this.repository.deleteProjection(manager, subject);
    const deauthentications = await this.repository.pseudonymizeDeauthentications(manager, subject);
    return { connections, identities, facts: needless.length, deauthentications };
  }
}
