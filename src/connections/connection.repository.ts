import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { columnsOf, runSql } from '../database';
import type { ConnectionStatus } from './connection-status';
import { Connection } from './connection.entity';

/** The filters of a list of connections. A connection must match every given filter. */
export interface ConnectionCriteria {
  referenceId?: string;
  terraUserId?: string;
  provider?: string;
  status?: ConnectionStatus;
  /** Only connections that the service created before this one. */
  beforeId?: string;
}

const CONDITIONS: Record<keyof ConnectionCriteria, string> = {
  referenceId: 'reference_id =',
  terraUserId: 'terra_user_id =',
  provider: 'provider =',
  status: 'status =',
  beforeId: 'id <',
};

export type EndedConnection = Pick<Connection, 'id' | 'referenceId' | 'provider'>;

/** The SQL of lists of connections. */
@Injectable()
export class ConnectionRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** The connections that match, newest first, without merged and provisional connections. */
  async list(criteria: ConnectionCriteria, limit: number): Promise<Connection[]> {
    const given = (Object.keys(CONDITIONS) as (keyof ConnectionCriteria)[]).filter(
      (name) => criteria[name] !== undefined,
    );
    const where = given.map((name, index) => ` AND ${CONDITIONS[name]} $${index + 2}`);
    const { rows } = await runSql<Connection>(
      this.dataSource,
      `SELECT ${columnsOf(this.dataSource, Connection)} FROM terra_connect.connections
        WHERE merged_into IS NULL AND provisional_check_at IS NULL${where.join('')} ORDER BY id DESC LIMIT $1`,
      [limit, ...given.map((name) => criteria[name])],
    );
    return rows;
  }

  /** The connections that ended before a time, by id, after the given one. */
  async endedBefore(before: Date, afterId: string | null, limit: number): Promise<EndedConnection[]> {
    const { rows } = await runSql<EndedConnection>(
      this.dataSource,
      `SELECT id, reference_id AS "referenceId", provider FROM terra_connect.connections
        WHERE merged_into IS NULL AND status IN ('disconnected', 'moved') AND disconnected_at < $1
          AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`,
      [before, afterId, limit],
    );
    return rows;
  }
}
