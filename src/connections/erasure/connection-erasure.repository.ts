import { Injectable } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import { runIn } from '../../database';
import { factKey } from '../projection/connection-fact';
import { ConnectionFact } from '../projection/connection-fact.entity';
import { tombstoneDigest } from '../projection/connection-fact.repository';
import { ConnectionIdentity } from '../projection/connection-identity.entity';
import { Connection } from '../connection.entity';
import { pseudonymOf } from './pseudonym';

/** Whoever works off news shares it, who erases has it alone: no event slips through between the two. */
const ERASURE_LOCK = `hashtextextended('terra-connect:erasure', 0)`;

/** A person, by everything that they go by here. */
export interface PersonIds {
  referenceId: string;
  terraUserIds: string[];
}

/** The SQL that finds what belongs to one end user, and takes it away. */
@Injectable()
export class ConnectionErasureRepository {
  async shareErasureLock(manager: EntityManager): Promise<void> {
    await runIn(manager, `SELECT pg_advisory_xact_lock_shared(${ERASURE_LOCK})`, []);
  }

  async takeErasureLock(manager: EntityManager): Promise<void> {
    await runIn(manager, `SELECT pg_advisory_xact_lock(${ERASURE_LOCK})`, []);
  }

  /**
   * Every Terra user that is, or was, this end user's: by what is computed, by what was told, and by the ledger. One that
   * belongs to somebody else is not theirs, whoever has claimed it.
   */
  async terraUsersOf(manager: EntityManager, referenceId: string): Promise<string[]> {
    const rows = await runIn<{ id: string }>(
      manager,
      `WITH named AS (
          SELECT terra_user_id AS id FROM terra_connect.connection_identities WHERE reference_id = $1
          UNION SELECT i.terra_user_id FROM terra_connect.connection_identities i
            JOIN terra_connect.connections c ON c.id = i.connection_id WHERE c.reference_id = $1
          UNION SELECT terra_user_id FROM terra_connect.connections WHERE reference_id = $1
          UNION SELECT terra_user_id FROM terra_connect.connection_facts WHERE reference_id = $1
          UNION SELECT old_terra_user_id FROM terra_connect.connection_facts WHERE old_reference_id = $1
          UNION SELECT terra_user_id FROM terra_connect.deauthentications WHERE reference_id IN ($1, $2))
        SELECT id FROM named WHERE id IS NOT NULL AND id NOT LIKE 'erased:%' AND NOT EXISTS (
          SELECT FROM terra_connect.connection_identities other
            WHERE other.terra_user_id = named.id AND other.reference_id <> $1)
        ORDER BY id`,
      [referenceId, pseudonymOf('end_user', referenceId)],
    );
    return rows.map(({ id }) => id);
  }

  /** Late news about them finds these. What is newer than an end user's is about somebody who came back. */
  async bury(manager: EntityManager, person: PersonIds, erasedAt: Date): Promise<void> {
    const digests = person.terraUserIds.map((id) => tombstoneDigest('terra_user', id));
    await runIn(
      manager,
      `INSERT INTO terra_connect.tombstones (digest, kind, erased_at)
        SELECT $1::bytea, 'end_user', $3::timestamptz
        UNION ALL SELECT digest, 'terra_user', $3 FROM unnest($2::bytea[]) AS digest
        ON CONFLICT (digest) DO UPDATE SET erased_at = greatest(tombstones.erased_at, excluded.erased_at)`,
      [tombstoneDigest('end_user', person.referenceId), digests, erasedAt],
    );
  }

  /** A Terra user that news about an erased person brought up. */
  async buryTerraUser(manager: EntityManager, terraUserId: string, erasedAt: Date): Promise<void> {
    await runIn(
      manager,
      `INSERT INTO terra_connect.tombstones (digest, kind, erased_at) VALUES ($1, 'terra_user', $2)
        ON CONFLICT DO NOTHING`,
      [tombstoneDigest('terra_user', terraUserId), erasedAt],
    );
  }

  factsNaming(manager: EntityManager, { referenceId, terraUserIds }: PersonIds): Promise<ConnectionFact[]> {
    return manager.find(ConnectionFact, {
      where: [
        { terraUserId: In(terraUserIds) },
        { oldTerraUserId: In(terraUserIds) },
        { referenceId },
        { oldReferenceId: referenceId },
      ],
      order: { occurredAt: 'ASC', id: 'ASC' },
    });
  }

  /** Which of these Terra users are known as somebody else's. */
  async ofOthers(manager: EntityManager, terraUserIds: string[], referenceId: string): Promise<Set<string>> {
    const known = await manager.findBy(ConnectionIdentity, { terraUserId: In(terraUserIds) });
    const others = known.filter(({ referenceId: of }) => of !== null && of !== referenceId);
    return new Set(others.map(({ terraUserId }) => terraUserId));
  }

  async deleteFacts(manager: EntityManager, ids: string[]): Promise<void> {
    await manager.delete(ConnectionFact, { id: In(ids) });
  }

  /** Somebody else's history needs the fact: it stays, and does not say any more who the person was. */
  async pseudonymize(manager: EntityManager, fact: ConnectionFact, person: PersonIds): Promise<void> {
    const mine = new Set(person.terraUserIds);
    const user = (id: string): string => (mine.has(id) ? pseudonymOf('terra_user', id) : id);
    const reference = (id: string | null): string | null =>
      id === person.referenceId ? pseudonymOf('end_user', id) : id;
    const change = {
      terraUserId: user(fact.terraUserId),
      oldTerraUserId: fact.oldTerraUserId === null ? null : user(fact.oldTerraUserId),
      referenceId: reference(fact.referenceId),
      oldReferenceId: reference(fact.oldReferenceId),
    };
    await manager.update(
      ConnectionFact,
      { id: fact.id },
      { ...change, factKey: factKey({ ...fact, ...change }) },
    );
  }

  /** @returns how many identities and connections there were */
  async deleteProjection(
    manager: EntityManager,
    { referenceId, terraUserIds }: PersonIds,
  ): Promise<{ identities: number; connections: number }> {
    const identities = await manager.delete(ConnectionIdentity, { terraUserId: In(terraUserIds) });
    const connections = await manager.delete(Connection, { referenceId });
    // A connection that was taken for somebody else's until it was known to be this person's.
    for (const id of terraUserIds) {
      const name = pseudonymOf('terra_user', id);
      await manager.update(Connection, { terraUserId: id }, { terraUserId: name, originTerraUserId: name });
    }
    return { identities: identities.affected ?? 0, connections: connections.affected ?? 0 };
  }

  /** The ledger goes on to say who asked for an end, why, and what Terra said to it; not whose. */
  async pseudonymizeDeauthentications(manager: EntityManager, person: PersonIds): Promise<number> {
    const { referenceId, terraUserIds } = person;
    const names = terraUserIds.map((id) => pseudonymOf('terra_user', id));
    const rows = await runIn(
      manager,
      `UPDATE terra_connect.deauthentications call
          SET terra_user_id = coalesce((SELECT name FROM unnest($2::text[], $3::text[]) AS mine (id, name)
              WHERE mine.id = call.terra_user_id), call.terra_user_id),
            reference_id = CASE WHEN reference_id = $1 THEN $4 ELSE reference_id END, connection_id = NULL
          WHERE reference_id = $1 OR terra_user_id = ANY($2) RETURNING id`,
      [referenceId, terraUserIds, names, pseudonymOf('end_user', referenceId)],
    );
    return rows.length;
  }
}
