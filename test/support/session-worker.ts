import { ConnectSessionWorker } from '../../src/connect-sessions';
import type { TestApp } from './app';

/** Runs the session worker until no session is due. */
export async function runSessionWorker({ app }: TestApp): Promise<void> {
  const worker = app.get(ConnectSessionWorker, { strict: false });
  while (await worker.runOnce());
}

interface StoredSession {
  status: string;
  endedAt: Date | null;
  failureReason: string | null;
  /** When the service asks Terra again about an unconfirmed callback. */
  checkAt: Date | null;
  checks: number;
}

/** The session as its row says, which the worker changes later than the answers of the API change. */
export async function storedSession(
  service: TestApp,
  { id }: { id: string },
): Promise<StoredSession | undefined> {
  const [row] = await service.query<StoredSession>(
    `SELECT status, ended_at AS "endedAt", failure_reason AS "failureReason", check_at AS "checkAt", checks
      FROM terra_connect.connect_sessions WHERE id = $1`,
    [id],
  );
  return row;
}
