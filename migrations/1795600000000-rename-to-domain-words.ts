import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Renames columns, indexes and stored values; the CHANGELOG lists them. Both directions keep every row. */
export class RenameToDomainWords1795600000000 implements MigrationInterface {
  name = 'RenameToDomainWords1795600000000';

  async up(runner: QueryRunner): Promise<void> {
    await renameColumns(runner, COLUMNS);
    await renameIndexes(runner, INDEXES);
    await replaceWords(runner, WORDS, NEW_CHECKS);
    await this.recreateWaitingIndex(runner, 'dead_lettered');
  }

  async down(runner: QueryRunner): Promise<void> {
    const reversed = ([table, from, to]: Rename): Rename => [table, to, from];
    await renameColumns(runner, COLUMNS.map(reversed));
    await renameIndexes(
      runner,
      INDEXES.map(([from, to]) => [to, from]),
    );
    await replaceWords(
      runner,
      WORDS.map(([table, column, from, to]) => [table, column, to, from]),
      OLD_CHECKS,
    );
    await this.recreateWaitingIndex(runner, 'dead');
  }

  private async recreateWaitingIndex(runner: QueryRunner, deadLettered: string): Promise<void> {
    await runner.query(`DROP INDEX terra_connect.webhook_events_waiting_idx`);
    await runner.query(`CREATE INDEX webhook_events_waiting_idx ON terra_connect.webhook_events (status)
      WHERE status IN ('pending', 'parked', '${deadLettered}')`);
  }
}

type Rename = [table: string, from: string, to: string];
type Word = [table: string, column: string, from: string, to: string];
type Check = [table: string, column: string, values: string[]];

const COLUMNS: Rename[] = [
  ['connection_facts', 'version', 'occurred_at'],
  ['webhook_events', 'ordering_at', 'occurred_at'],
  ['connect_sessions', 'success_landed_at', 'success_callback_at'],
  ['sweeps', 'compare_after', 'diff_after'],
  ['sweeps', 'brake', 'approval_reason'],
];

const INDEXES: [from: string, to: string][] = [
  ['connections_owner_idx', 'connections_connection_key_idx'],
  ['connection_identities_owner_idx', 'connection_identities_connection_key_idx'],
];

const WORDS: Word[] = [
  ['connection_facts', 'cause', 'landing', 'callback'],
  ['connection_facts', 'source', 'landing', 'callback'],
  ['connection_identities', 'cause', 'landing', 'callback'],
  ['webhook_events', 'status', 'dead', 'dead_lettered'],
  [
    'webhook_events',
    'note',
    'nobody has told us yet whose Terra user this is',
    'the owner of the Terra user is not known yet',
  ],
  ['sweeps', 'status', 'held', 'awaiting_approval'],
  ['sweeps', 'phase', 'comparing', 'diffing'],
  ['sweep_findings', 'action', 'note_missing', 'mark_missing'],
  ['sweep_findings', 'action', 'note_seen', 'mark_seen'],
  ['sweep_findings', 'action', 'revive', 'link_again'],
];

const NEW_CHECKS: Check[] = [
  ['webhook_events', 'status', ['pending', 'done', 'ignored', 'parked', 'dead_lettered']],
  ['sweeps', 'status', ['running', 'awaiting_approval', 'completed', 'failed', 'overtaken']],
  ['sweeps', 'phase', ['reading', 'diffing', 'applying']],
];

const OLD_CHECKS: Check[] = [
  ['webhook_events', 'status', ['pending', 'done', 'ignored', 'parked', 'dead']],
  ['sweeps', 'status', ['running', 'held', 'completed', 'failed', 'overtaken']],
  ['sweeps', 'phase', ['reading', 'comparing', 'applying']],
];

async function renameColumns(runner: QueryRunner, renames: Rename[]): Promise<void> {
  for (const [table, from, to] of renames)
    await runner.query(`ALTER TABLE terra_connect.${table} RENAME COLUMN ${from} TO ${to}`);
}

async function renameIndexes(runner: QueryRunner, renames: [from: string, to: string][]): Promise<void> {
  for (const [from, to] of renames) await runner.query(`ALTER INDEX terra_connect.${from} RENAME TO ${to}`);
}

/** Replaces stored values while the checks are dropped: the old check rejects new values, the new check old values. */
async function replaceWords(runner: QueryRunner, words: Word[], checks: Check[]): Promise<void> {
  for (const [table, column] of checks)
    await runner.query(`ALTER TABLE terra_connect.${table} DROP CONSTRAINT ${table}_${column}_check`);
  for (const [table, column, from, to] of words)
    await runner.query(`UPDATE terra_connect.${table} SET ${column} = $2 WHERE ${column} = $1`, [from, to]);
  for (const [table, column, values] of checks) {
    const list = values.map((value) => `'${value}'`).join(', ');
    await runner.query(`ALTER TABLE terra_connect.${table}
      ADD CONSTRAINT ${table}_${column}_check CHECK (${column} IN (${list}))`);
  }
}
