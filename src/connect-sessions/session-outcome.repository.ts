import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { columnsOf, rowSetOf, runSql } from '../database';
import { CALLBACK_GRACE_MS, CLOCK_DIFFERENCE_MS } from './connect-session-status';
import { ConnectSessionConnection } from './connect-session-connection.entity';
import { ConnectSession } from './connect-session.entity';
import { MAX_CANDIDATES } from './session-matching';
import { searchesSession, type SessionHint, type SessionSignal } from './session-signal';

const OUTCOME_COLUMNS = [
  'id',
  'status',
  'failureReason',
  'providerReason',
  'endedAt',
  'checkAt',
  'updatedAt',
] as const;
const LINK_COLUMNS = ['sessionId', 'connectionId', 'createdAt'] as const;

/** The SQL that finds and locks the sessions of events, and writes their outcomes in the caller's transaction. */
@Injectable()
export class SessionOutcomeRepository {
  /**
   * Locks every session that a signal can be about: the one that it names, or else the newest that the end user could use
   * at that time. One statement locks all of them in one order, so that two transactions do not deadlock.
   */
  async lock(manager: EntityManager, signals: SessionSignal[]): Promise<ConnectSession[]> {
    const known = signals.flatMap(({ of }) => ('sessionId' in of ? of.sessionId : []));
    const hints = signals.flatMap((signal) => ('sessionId' in signal.of ? [] : [hintOf(signal, signal.of)]));
    const column = <Name extends keyof LockedHint>(name: Name): LockedHint[Name][] =>
      hints.map((hint) => hint[name]);
    const { rows } = await runSql<ConnectSession>(
      manager,
      `WITH hints AS (
          SELECT hint.*, named.id AS named FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[],
              $6::boolean[], $7::boolean[])
            AS hint (reference_id, widget_session_id, created_until, expires_from, connected, searches)
          LEFT JOIN terra_connect.connect_sessions named
            ON named.terra_session_id = hint.widget_session_id AND named.reference_id = hint.reference_id)
        SELECT ${columnsOf(manager, ConnectSession)} FROM terra_connect.connect_sessions WHERE id = ANY(ARRAY(
          SELECT unnest($1::uuid[])
          UNION SELECT named FROM hints WHERE named IS NOT NULL
          UNION SELECT candidate.id FROM hints, LATERAL (
              SELECT session.id FROM terra_connect.connect_sessions session
              WHERE session.reference_id = hints.reference_id AND session.widget_url IS NOT NULL
                AND session.created_at <= hints.created_until AND session.expires_at >= hints.expires_from
                AND (session.status IN ('pending', 'opened', 'failed', 'cancelled') OR (hints.connected
                  AND (session.status = 'expired' OR (session.status = 'completed' AND session.multi_auth))))
              ORDER BY session.id DESC LIMIT ${MAX_CANDIDATES}) AS candidate
            WHERE hints.named IS NULL AND hints.searches))
        ORDER BY id FOR UPDATE`,
      [
        known,
        column('referenceId'),
        column('widgetSessionId'),
        column('createdUntil'),
        column('expiresFrom'),
        column('connected'),
        column('searches'),
      ],
    );
    return rows;
  }

  /** Locks the sessions that led to a connection. */
  async lockThatLedTo(manager: EntityManager, connectionId: string): Promise<ConnectSession[]> {
    const { rows } = await runSql<ConnectSession>(
      manager,
      `SELECT ${columnsOf(manager, ConnectSession)} FROM terra_connect.connect_sessions
        WHERE id = ANY(ARRAY(
          SELECT session_id FROM terra_connect.connect_session_connections WHERE connection_id = $1))
        ORDER BY id FOR UPDATE`,
      [connectionId],
    );
    return rows;
  }

  /** Writes the outcomes of sessions whose locks the caller holds. */
  async write(manager: EntityManager, sessions: ConnectSession[]): Promise<void> {
    const { table, columns, select, values } = rowSetOf(manager, ConnectSession, OUTCOME_COLUMNS, sessions);
    const changes = columns.slice(1).map((column) => `${column} = changed.${column}`);
    await runSql(
      manager,
      `UPDATE ${table} session SET ${changes.join(', ')} FROM (${select}) AS changed WHERE session.id = changed.id`,
      values,
    );
  }

  async addConnections(manager: EntityManager, links: ConnectSessionConnection[]): Promise<void> {
    const { table, columns, select, values } = rowSetOf(
      manager,
      ConnectSessionConnection,
      LINK_COLUMNS,
      links,
    );
    await runSql(
      manager,
      `INSERT INTO ${table} (${columns.join(', ')}) ${select} ON CONFLICT DO NOTHING`,
      values,
    );
  }
}

interface LockedHint {
  referenceId: string;
  widgetSessionId: string | null;
  createdUntil: Date;
  expiresFrom: Date;
  connected: boolean;
  searches: boolean;
}

function hintOf(
  signal: SessionSignal,
  { referenceId, widgetSessionId, occurredAt }: SessionHint,
): LockedHint {
  const at = occurredAt.getTime();
  return {
    referenceId,
    widgetSessionId,
    createdUntil: new Date(at + CLOCK_DIFFERENCE_MS),
    expiresFrom: new Date(at - CALLBACK_GRACE_MS),
    connected: signal.kind === 'connected',
    searches: searchesSession(signal),
  };
}
