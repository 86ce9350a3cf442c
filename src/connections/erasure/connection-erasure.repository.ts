import { Injectable } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import { runSql, type DataSubject } from '../../database';
import { CHANGE_TIME } from '../change-times';
import { Connection } from '../connection.entity';
import { factKey } from '../projection/connection-fact';
import { ConnectionFact } from '../projection/connection-fact.entity';
import { ConnectionIdentity } from '../projection/connection-identity.entity';
import { pseudonymOf } from './pseudonym';

/** Workers take the lock shared, an erasure takes it exclusively: no worker processes events while rows are erased. */
const ERASURE_LOCK = `hashtextextended('terra-connect:erasure', 0)`;

/** An end user with its Terra users. */
export type EndUserIds = Pick<DataSubject, 'referenceId' | 'terraUserIds'>;

/** The SQL that finds the rows of one end user, and removes them. */
@Injectable()
export class ConnectionErasureRepository {
  /**
   * It also sets how Postgres plans the statements of the transaction, without a statement of its own. It keeps one plan of
   * each: a plan that fits the values always looks cheaper, so that Postgres would plan each statement over all partitions of
   * events at each run, which costs more than the run. A kept plan must use the indexes, because a partition is empty when its
   * day begins. Without `jit`: up to version 17, Postgres would compile a statement for which it finds no index, because of
   * the penalty for that.
   */
  async shareErasureLock(manager: EntityManager): Promise<void> {
    await runSql(
      manager,
      `SELECT pg_advisory_xact_lock_shared(${ERASURE_LOCK}),
        set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true),
        set_config('jit', 'off', true)`,
    );
  }

  async takeErasureLock(manager: EntityManager): Promise<void> {
    await runSql(manager, `SELECT pg_advisory_xact_lock(${ERASURE_LOCK})`);
  }

  /**
   * Every Terra user that belongs or belonged to the end user, by identities, facts and deauthentication requests.
   * It leaves out a Terra user of another end user, even if a fact claims it for this one.
   */
  async terraUsersOf(manager: EntityManager, referenceId: string): Promise<string[]> {
    const { rows } = await runSql<{ id: string }>(
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

  factsNaming(manager: EntityManager, { referenceId, terraUserIds }: EndUserIds): Promise<ConnectionFact[]> {
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

  /** The Terra users among `terraUserIds` that belong to other end users. */
  async ofOthers(manager: EntityManager, terraUserIds: string[], referenceId: string): Promise<Set<string>> {
    const known = await manager.findBy(ConnectionIdentity, { terraUserId: In(terraUserIds) });
    const others = known.filter(({ referenceId: of }) => of !== null && of !== referenceId);
    return new Set(others.map(({ terraUserId }) => terraUserId));
  }

  async deleteFacts(manager: EntityManager, facts: ConnectionFact[]): Promise<void> {
    await manager.delete(ConnectionFact, { id: In(facts.map(({ id }) => id)) });
  }

  /** Replaces the erased ids of a fact with pseudonyms. The row stays, because another end user's history needs it. */
  async pseudonymizeFact(manager: EntityManager, fact: ConnectionFact, endUser: EndUserIds): Promise<void> {
    const mine = new Set(endUser.terraUserIds);
    const user = (id: string): string => (mine.has(id) ? pseudonymOf('terra_user', id) : id);
    const reference = (id: string | null): string | null =>
      id === endUser.referenceId ? pseudonymOf('end_user', id) : id;
    const change = {
      terraUserId: user(fact.terraUserId),
      oldTerraUserId: fact.oldTerraUserId === null ? null : user(fact.oldTerraUserId),
      referenceId: reference(fact.referenceId),
      oldReferenceId: reference(fact.oldReferenceId),
    };
    await manager.update(
      ConnectionFact,
      { id: fact.id },
      // Facts with equal times are ordered by their keys, so another one can decide now.
      { ...change, factKey: factKey({ ...fact, ...change }), decides: true },
    );
  }

  /** @returns how many identities and connections were deleted */
  async deleteProjection(
    manager: EntityManager,
    { referenceId, terraUserIds }: EndUserIds,
  ): Promise<{ identities: number; connections: number }> {
    const identities = await manager.delete(ConnectionIdentity, { terraUserId: In(terraUserIds) });
    const connections = await manager.delete(Connection, { referenceId });
    // A connection of another end user may have one of these Terra users, from before the service knew the owner.
    for (const id of terraUserIds) {
      const pseudonym = pseudonymOf('terra_user', id);
      const updatedAt = (): string => CHANGE_TIME;
      const change = { terraUserId: pseudonym, originTerraUserId: pseudonym, updatedAt };
      await manager.update(Connection, { terraUserId: id }, change);
    }
    return { identities: identities.affected ?? 0, connections: connections.affected ?? 0 };
  }

  /** The requests still say who requested the end, why, and what Terra answered. @returns how many it pseudonymized */
  async pseudonymizeDeauthentications(manager: EntityManager, endUser: EndUserIds): Promise<number> {
    const { referenceId, terraUserIds } = endUser;
    const { count } = await runSql(
      manager,
      `UPDATE terra_connect.deauthentications request
          SET terra_user_id = coalesce((SELECT pseudonym FROM unnest($2::text[], $3::text[]) AS mine (id, pseudonym)
              WHERE mine.id = request.terra_user_id), request.terra_user_id),
            reference_id = CASE WHEN reference_id = $1 THEN $4 ELSE reference_id END, connection_id = NULL
          WHERE reference_id = $1 OR terra_user_id = ANY($2)`,
      [
        referenceId,
        terraUserIds,
        terraUserIds.map((id) => pseudonymOf('terra_user', id)),
        pseudonymOf('end_user', referenceId),
      ],
    );
    return count;
  }
}
