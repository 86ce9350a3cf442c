import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runSql } from '../../database';
import type { DataOwner } from './data-passage';

/** The SQL that finds to whom data belongs. */
@Injectable()
export class DataOwnerRepository {
  /** The Terra users among `terraUserIds` that have a connection, by id. */
  async find(manager: EntityManager, terraUserIds: string[]): Promise<Map<string, DataOwner>> {
    if (terraUserIds.length === 0) return new Map();
    const { rows } = await runSql<DataOwner>(
      manager,
      `SELECT identity.terra_user_id AS "terraUserId", identity.ended_at AS "endedAt", connection.id AS "connectionId",
          connection.reference_id AS "referenceId", connection.status, connection.merged_into AS "mergedInto",
          connection.provisional_check_at AS "provisionalCheckAt"
        FROM terra_connect.connection_identities identity
          JOIN terra_connect.connections connection ON connection.id = identity.connection_id
        WHERE identity.terra_user_id = ANY($1)`,
      [terraUserIds],
    );
    return new Map(rows.map((owner) => [owner.terraUserId, owner]));
  }
}
