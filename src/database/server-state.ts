import type { DataSource } from 'typeorm';
import { ServicePool } from './service-pool';
import { runSql } from './sql';

const TIMEOUT_MS = 2_000;

/** Whether Postgres cannot write: it is a standby, or an administrator has made it read-only. */
export async function isReadOnly(dataSource: DataSource): Promise<boolean> {
  const { rows } = await runSql<{ readOnly: boolean }>(
    dataSource,
    `SELECT current_setting('transaction_read_only') = 'on' AS "readOnly"`,
    [],
    { timeoutMs: TIMEOUT_MS },
  );
  return rows[0]?.readOnly ?? false;
}

/** The SQLSTATE with which Postgres has refused to work in the last seconds; null if it has not. */
export function recentRefusal({ driver }: DataSource): string | null {
  const { master } = driver as unknown as { master: unknown };
  return master instanceof ServicePool ? master.recentRefusal() : null;
}
