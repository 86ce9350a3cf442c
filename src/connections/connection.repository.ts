import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { columnsOf, runSql } from '../database';
import { timestampOf, type ChangePlace } from './change-cursor';
import { COMPLETE_UNTIL } from './change-times';
import type { Page } from '../http';
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

const VISIBLE = `merged_into IS NULL AND provisional_check_at IS NULL`;

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

export interface ConnectionPage extends Page<ListedConnection> {
  /** The `updatedSince` that continues later; null on other than the last page, and without `updatedSince`. */
  updatedUntil: Date | null;
}

const MICROS = `(extract(epoch FROM updated_at) * 1000000)::bigint AS micros`;

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

  /**
   * The connections that match and changed after a place and before a time, in the order of their changes, without merged
   * and provisional connections.
   */
  async listChanged(
    criteria: ConnectionCriteria,
    { after, until }: { after: ChangePlace; until: Date },
    limit: number,
  ): Promise<(ListedConnection & ChangePlace)[]> {
    const given = FILTERS.filter((name) => criteria[name] !== undefined);
    const { rows } = await runSql<ListedConnection & { micros: string }>(
      this.dataSource,
      `SELECT ${columnsOf(this.dataSource, Connection, INTERNAL)}, ${MICROS} FROM terra_connect.connections
        WHERE ${VISIBLE} AND (updated_at, id) > ($2::timestamptz, $3::uuid) AND updated_at < $4
        ${conditionsOf(given, 5)} ORDER BY updated_at, id LIMIT $1`,
      [limit, timestampOf(after), after.id, until, ...given.map((name) => criteria[name])],
    );
    return rows.map((row) => ({ ...row, micros: Number(row.micros) }));
  }

  /** Until when the changes of connections are complete: see `change-times.ts`. null: unknown. */
  async completeUntil(): Promise<Date | null> {
    const { rows } = await runSql<{ until: Date | null }>(this.dataSource, COMPLETE_UNTIL);
    return rows[0]?.until ?? null;
  }

  private listTextOf(given: readonly (keyof ConnectionCriteria)[]): string {
    const text = `SELECT ${columnsOf(this.dataSource, Connection, INTERNAL)} FROM terra_connect.connections
        WHERE ${VISIBLE}${conditionsOf(given, 2)} ORDER BY id DESC LIMIT $1`;
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

  /** When health data of any active connection last arrived, up to one hour behind; null: never. */
  async lastDataAt(): Promise<Date | null> {
    const { rows } = await runSql<{ at: Date | null }>(
      this.dataSource,
      `SELECT max(last_data_at) AS at FROM terra_connect.connections
        WHERE merged_into IS NULL AND status = 'active'`,
    );
    return rows[0]?.at ?? null;
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

function conditionsOf(given: readonly (keyof ConnectionCriteria)[], first: number): string {
  return given.map((name, index) => ` AND ${CONDITIONS[name]} $${first + index}`).join('');
}
