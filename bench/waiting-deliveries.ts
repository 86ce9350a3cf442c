import type { BenchDatabase } from './database';

const EVENTS_OF_PERSON = 2;

/**
 * Inserts deliveries that wait, as they are when endpoints were down: each event waits for each endpoint. The lanes of half
 * of the end users are due, the others wait for a retry. The events are copies of the newest one.
 */
export async function seedWaitingDeliveries(
  database: BenchDatabase,
  endpointIds: string[],
  count: number,
): Promise<void> {
  const events = Math.ceil(count / endpointIds.length);
  await database.query(
    `WITH model AS (SELECT * FROM terra_connect.outgoing_events WHERE position IS NOT NULL ORDER BY position DESC LIMIT 1),
      given AS (SELECT n, (extract(epoch FROM now()) * 1000)::bigint AS ms FROM generate_series(1, $1::int) AS n)
      INSERT INTO terra_connect.outgoing_events
        (id, position, type, reference_id, connection_id, occurred_at, data, created_at)
      SELECT (lpad(to_hex(ms), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n || 'x'), 1, 15))::uuid,
          model.position + n, type, 'waiting-' || (n / ${EVENTS_OF_PERSON}), connection_id, occurred_at, data, created_at
        FROM given, model`,
    [events],
  );
  await database.query(
    `UPDATE terra_connect.event_log SET last_position = (SELECT max(position) FROM terra_connect.outgoing_events)`,
  );
  await database.query(
    `INSERT INTO terra_connect.event_deliveries (endpoint_id, event_id, position, lane_key, status)
      SELECT endpoint.id, event.id, event.position, event.reference_id, 'pending'
        FROM unnest($1::uuid[]) AS endpoint (id), terra_connect.outgoing_events event
        WHERE event.reference_id LIKE 'waiting-%'`,
    [endpointIds],
  );
  await database.query(
    `INSERT INTO terra_connect.event_lanes (endpoint_id, lane_key, due_at, attempts, failing_since)
      SELECT endpoint_id, lane_key, CASE WHEN is_resting THEN now() + interval '1 hour' ELSE now() - random() * interval '1 hour' END,
          CASE WHEN is_resting THEN 9 ELSE 0 END, CASE WHEN is_resting THEN now() - interval '5 hours' END
        FROM (SELECT DISTINCT endpoint_id, lane_key, right(lane_key, 1) IN ('1', '3', '5', '7', '9') AS is_resting
          FROM terra_connect.event_deliveries) lanes`,
  );
  await database.query('VACUUM ANALYZE');
}
