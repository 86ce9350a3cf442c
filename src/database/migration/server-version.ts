import { unsupportedServer } from './migration.errors';

const OLDEST_MAJOR_VERSION = 13;

interface Queryable {
  query(sql: string): Promise<unknown>;
}

/** @throws DatabaseMismatchError when the server is older than the oldest version that the service supports */
export async function assertSupportedServer(database: Queryable): Promise<void> {
  const rows = await database.query(`SELECT current_setting('server_version_num') AS version`);
  const [{ version }] = rows as [{ version: string }];
  const major = Math.floor(Number(version) / 10_000);
  if (major < OLDEST_MAJOR_VERSION) throw unsupportedServer(major, OLDEST_MAJOR_VERSION);
}
