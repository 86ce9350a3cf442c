import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer, authenticate, isReferenceId, pool } from './context';

const LIMIT = 50;
const LIST = {
  name: 'list_connections',
  text: `SELECT id, reference_id AS "referenceId", terra_user_id AS "terraUserId", provider, status,
      status_reason AS "statusReason", scopes, connected_at AS "connectedAt", disconnected_at AS "disconnectedAt",
      last_data_at AS "lastDataAt",
      updated_at AS "updatedAt"
    FROM terra_connect.connections WHERE reference_id = $1 AND merged_into IS NULL ORDER BY id DESC LIMIT $2`,
};

export async function listConnections(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!(await authenticate(request, response, 'connections:read'))) return;
  const referenceId = new URLSearchParams(request.url?.split('?')[1]).get('referenceId');
  if (!isReferenceId(referenceId)) return answer(response, 422, { code: 'request.invalid' });
  const { rows } = await pool.query<{ id: string }>({ ...LIST, values: [referenceId, LIMIT + 1] });
  const items = rows.slice(0, LIMIT);
  answer(response, 200, { items, nextCursor: rows.length > LIMIT ? items.at(-1)?.id : null });
}
