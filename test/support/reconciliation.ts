import { SweepsService, ReconcileWorker, type SweepReport } from '../../src/reconciliation';
import type { LinkedUser } from '../../sandbox/account/linked-user';
import type { ApiAnswer, TestApp } from './app';
import { newReference } from './flow';

export interface ReconcileAnswer {
  referenceId: string;
  askedAt: string;
  terraUsers: number;
  changes: { action: string; terraUserId: string; connectionId: string | null }[];
  conclusion: string;
}

/** Something happens at Terra, and its webhooks are lost. */
export function unheard<T>(service: TestApp, happens: () => T): T {
  const { behaviour } = service.sandbox;
  const before = behaviour.webhooks;
  behaviour.webhooks = 'off';
  try {
    return happens();
  } finally {
    behaviour.webhooks = before;
  }
}

/** People whom Terra has linked, and of whom we were told. */
export async function linkPeople(
  service: TestApp,
  count: number,
  provider = 'GARMIN',
): Promise<LinkedUser[]> {
  const people = Array.from({ length: count }, () =>
    service.sandbox.account.connect({ provider, referenceId: newReference() }),
  );
  await service.drainWebhooks();
  return people;
}

export function reconcile<Body = ReconcileAnswer>(
  service: TestApp,
  referenceId: string,
): Promise<ApiAnswer<Body>> {
  return service.api<Body>('POST', `/v1/end-users/${encodeURIComponent(referenceId)}/reconcile`);
}

/** A whole sweep, as the worker or the command would do it. */
export async function sweep(
  service: TestApp,
  request: { dryRun?: boolean; force?: boolean } = {},
): Promise<SweepReport> {
  const sweeps = service.app.get(SweepsService, { strict: false });
  const { id } = await sweeps.startAndRun({ ...request, actor: 'test' });
  return sweeps.report(id);
}

/** The end users that are due for it are compared, however many. */
export async function compareDue(service: TestApp): Promise<number> {
  const worker = service.app.get(ReconcileWorker, { strict: false });
  let total = 0;
  for (let count = await worker.runOnce(); count > 0; count = await worker.runOnce()) total += count;
  return total;
}

export interface HeldConnection {
  referenceId: string;
  terraUserId: string;
  status: string;
  statusReason: string | null;
}

/** What we hold, and what Terra holds, in the same words; connections that have ended are left out. */
export async function liveHere(service: TestApp): Promise<string[]> {
  const rows = await service.query<{ id: string }>(
    `SELECT reference_id || ' ' || terra_user_id AS id FROM terra_connect.connections
      WHERE merged_into IS NULL AND status IN ('active', 'needs_reauth')`,
  );
  return rows.map(({ id }) => id).sort();
}

export function liveAtTerra(service: TestApp): string[] {
  return service.sandbox.account
    .linkedUsers()
    .map(({ referenceId, userId }) => `${referenceId} ${userId}`)
    .sort();
}

/** What must stay as it is when a comparison fails or is held: connections, identities, facts, and the ledger. */
export async function heldState(service: TestApp): Promise<unknown> {
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
