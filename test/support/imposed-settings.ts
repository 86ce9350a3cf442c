import type { TestApp } from './app';
import type { TestDatabase } from './database';
import { newReference, startSession } from './flow';
import { connectThroughWidget } from './sandbox';

/** What an administrator may set for a database or a role. Each of them breaks a program that relies on the default. */
const IMPOSED = {
  TimeZone: "'Pacific/Kiritimati'",
  DateStyle: 'SQL, DMY',
  IntervalStyle: 'sql_standard',
  bytea_output: "'escape'",
  extra_float_digits: '-10',
  search_path: 'nowhere',
  default_transaction_isolation: "'serializable'",
  default_transaction_read_only: 'on',
  statement_timeout: "'3s'",
  lock_timeout: '1',
  idle_in_transaction_session_timeout: '1',
  synchronous_commit: 'off',
};

/** Makes the database impose settings on all sessions that start from now on. */
export async function imposeSettings(database: TestDatabase): Promise<void> {
  const name = new URL(database.url).pathname.slice(1);
  const statements = Object.entries(IMPOSED).map(
    ([setting, value]) => `ALTER DATABASE ${name} SET ${setting} = ${value}`,
  );
  await database.query(statements.join('; '));
}

/** Connects several end users at once and erases one of them. Returns how many connections are active then. */
export async function connectSeveral(service: TestApp, count: number): Promise<number> {
  const references = Array.from({ length: count }, newReference);
  await Promise.all(
    references.map(async (referenceId) => {
      const session = await startSession(service, { referenceId });
      const callbackUrl = await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' });
      await fetch(callbackUrl, { redirect: 'manual' });
    }),
  );
  await service.drainWebhooks();
  await service.api('DELETE', `/v1/end-users/${references[0]}`);
  await service.drainDeauthentications();
  const { body } = await service.api<{ items: unknown[] }>('GET', '/v1/connections?status=active&limit=100');
  return body.items.length;
}
