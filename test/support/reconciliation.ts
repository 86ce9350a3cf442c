import { SweepsService, ReconcileWorker, type SweepReport } from '../../src/reconciliation';
import type { LinkedUser } from '../../sandbox/account/linked-user';
import type { FaultStep } from '../../sandbox/behaviour';
import type { ApiAnswer, TestApp } from './app';
import { newReference } from './flow';

export interface ReconcileAnswer {
  referenceId: string;
  askedAt: string;
  terraUsers: number;
  changes: { action: string; terraUserId: string; connectionId: string | null }[];
  conclusion: string;
}

/**
 * Empties Terra, its requests and the log before a test. Then it connects an account of another end user: if Terra had no
 * user at all, the safety threshold would be exceeded.
 */
export function resetTerra(service: TestApp): void {
  service.sandbox.reset();
  withWebhooksLost(service, () =>
    service.sandbox.account.connect({ provider: 'POLAR', referenceId: 'bystander' }),
  );
  service.sandbox.requests.length = 0;
  service.log.length = 0;
}

/** The same fault for every attempt of a call, because the service repeats a failed call. */
export function repeat(step: FaultStep): FaultStep[] {
  return Array.from({ length: 8 }, () => step);
}

/** Runs a change at Terra while Terra sends no webhooks. */
export function withWebhooksLost<T>(service: TestApp, change: () => T): T {
  const { behaviour } = service.sandbox;
  const before = behaviour.webhooks;
  behaviour.webhooks = 'off';
  try {
    return change();
  } finally {
    behaviour.webhooks = before;
  }
}

/** New end users, each with one account that Terra has linked and reported to us by webhook. */
export async function linkEndUsers(
  service: TestApp,
  count: number,
  provider = 'GARMIN',
): Promise<LinkedUser[]> {
  const endUsers = Array.from({ length: count }, () =>
    service.sandbox.account.connect({ provider, referenceId: newReference() }),
  );
  await service.drainWebhooks();
  return endUsers;
}

export function reconcile<Body = ReconcileAnswer>(
  service: TestApp,
  referenceId: string,
): Promise<ApiAnswer<Body>> {
  return service.api<Body>('POST', `/v1/end-users/${encodeURIComponent(referenceId)}/reconcile`);
}

/** Reconciles one end user, and returns the actions that it took. */
export async function reconcileActions(service: TestApp, referenceId: string): Promise<string[]> {
  return (await reconcile(service, referenceId)).body.changes.map(({ action }) => action);
}

/** A complete sweep, run as the worker or the command runs it. */
export async function sweep(
  service: TestApp,
  request: { dryRun?: boolean; force?: boolean; adopt?: boolean } = {},
): Promise<SweepReport> {
  const sweeps = service.app.get(SweepsService, { strict: false });
  const { id } = await sweeps.startAndRun({ ...request, actor: 'test' });
  return sweeps.report(id);
}

/** Reconciles every end user that is due, and returns how many there were. */
export async function reconcileDue(service: TestApp): Promise<number> {
  const worker = service.app.get(ReconcileWorker, { strict: false });
  let total = 0;
  for (let count = await worker.runOnce(); count > 0; count = await worker.runOnce()) total += count;
  return total;
}

/** Our connections that are active or needs_reauth, as "reference id, Terra user id", to compare with `linkedAtTerra`. */
export async function linkedInDatabase(service: TestApp): Promise<string[]> {
  const rows = await service.query<{ id: string }>(
    `SELECT reference_id || ' ' || terra_user_id AS id FROM terra_connect.connections
      WHERE merged_into IS NULL AND status IN ('active', 'needs_reauth')`,
  );
  return rows.map(({ id }) => id).sort();
}

/** Terra's linked users in the same form. */
export function linkedAtTerra(service: TestApp): string[] {
  return service.sandbox.account
    .linkedUsers()
    .map(({ referenceId, userId }) => `${referenceId} ${userId}`)
    .sort();
}

/** The digests and counts that must stay the same after a failed reconcile and in a sweep that awaits approval. */
export async function reconciledState(service: TestApp): Promise<unknown> {
  const [row] = await service.query(
    `SELECT (SELECT md5(coalesce(string_agg(concat_ws('|', id, status, status_reason, terra_user_id, scopes), ',' ORDER BY id), ''))
          FROM terra_connect.connections) AS connections,
        (SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))
          FROM terra_connect.connection_identities t) AS identities,
        (SELECT count(*)::int FROM terra_connect.connection_facts) AS facts,
        (SELECT count(*)::int FROM terra_connect.deauthentications) AS deauthentications`,
  );
  return row;
}
