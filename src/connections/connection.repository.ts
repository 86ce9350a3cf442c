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

const FILTERS = Object.keys(CONDITIONS) as (keyof ConnectionCriteria)[];

export type EndedConnection = Pick<Connection, 'id' | 'referenceId' | 'provider'>;

/** Columns that only the service itself reads. Each column of a list costs time in Postgres, on the wire and here. */
const INTERNAL = [
  'statusAt',
  'originTerraUserId',
  'mergedInto',
  'provisionalCheckAt',
  'succeededAt',
  'accountDigest',
  'reconciledAt',
  'reconcileAt',
  'createdAt',
] as const satisfies (keyof Connection)[];
export type ListedConnection = Omit<Connection, (typeof INTERNAL)[number]>;

/** The SQL of lists of connections. */
@Injectable()
export class ConnectionRepository {
  /** The statement for each combination of filters. */
  private readonly listTexts = new Map<string, string>();

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** The connections that match, newest first, without merged and provisional connections. */
  async list(criteria: ConnectionCriteria, limit: number): Promise<ListedConnection[]> {
    const given = FILTERS.filter((name) => criteria[name] !== undefined);
    const text = this.listTexts.get(given.join()) ?? this.listTextOf(given);
    const { rows } = await runSql<ListedConnection>(this.dataSource, text, [
      limit,
      ...given.map((name) => criteria[name]),
    ]);
    return rows;
  }

  private listTextOf(given: readonly (keyof ConnectionCriteria)[]): string {
    const where = given.map((name, index) => ` AND ${CONDITIONS[name]} $${index + 2}`).join('');
    const text = `SELECT ${columnsOf(this.dataSource, Connection, INTERNAL)} FROM terra_connect.connections
        WHERE merged_into IS NULL AND provisional_check_at IS NULL${where} ORDER BY id DESC LIMIT $1`;
    this.listTexts.set(given.join(), text);
    return text;
  }

  /** The connections with these ids, also merged and provisional ones. */
  async findByIds(ids: string[]): Promise<Connection[]> {
    if (ids.length === 0) return [];
    const { rows } = await runSql<Connection>(
      this.dataSource,
      `SELECT ${columnsOf(this.dataSource, Connection)} FROM terra_connect.connections WHERE id = ANY($1)`,
      [ids],
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
