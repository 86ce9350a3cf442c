import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { runPrepared } from '../database';
import type { ConnectionStatus } from './connection-status';
import { CONNECTION_COLUMNS } from './connection.columns';
import type { Connection } from './connection.entity';

/** What a list may be narrowed to; all that is given must hold. */
export interface ConnectionCriteria {
  referenceId?: string;
  terraUserId?: string;
  provider?: string;
  status?: ConnectionStatus;
  /** Only connections that are older than this one. */
  beforeId?: string;
}

// Column and a letter for the statement's name, of which Postgres keeps 63 characters.
const CRITERIA: Record<keyof ConnectionCriteria, { condition: string; letter: string }> = {
  referenceId: { condition: 'reference_id =', letter: 'r' },
  terraUserId: { condition: 'terra_user_id =', letter: 't' },
  provider: { condition: 'provider =', letter: 'p' },
  status: { condition: 'status =', letter: 's' },
  beforeId: { condition: 'id <', letter: 'b' },
};
const LIST_TIMEOUT_MS = 10_000;

/** The SQL of the list of connections, which everybody asks for. */
@Injectable()
export class ConnectionRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Newest first. One statement per combination of criteria, each prepared once per connection to Postgres. */
  async list(criteria: ConnectionCriteria, limit: number): Promise<Connection[]> {
    const given = (Object.keys(CRITERIA) as (keyof ConnectionCriteria)[]).filter(
      (name) => criteria[name] !== undefined,
    );
    const where = given.map((name, index) => ` AND ${CRITERIA[name].condition} $${index + 2}`);
    const statement = {
      name: `terra_connect_list_connections_${given.map((name) => CRITERIA[name].letter).join('')}`,
      text: `SELECT ${CONNECTION_COLUMNS} FROM terra_connect.connections
        WHERE merged_into IS NULL${where.join('')} ORDER BY id DESC LIMIT $1`,
    };
    const values = [limit, ...given.map((name) => criteria[name])];
    return (await runPrepared<Connection>(this.dataSource, statement, values, LIST_TIMEOUT_MS)).rows;
  }
}
