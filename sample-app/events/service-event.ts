/** An event of Terra Connect: the parts of the CloudEvent that this app reads. */
export interface ServiceEvent {
  id: string;
  /** Such as `data.daily` or `connection.disconnected`. */
  type: string;
  /** The reference id of the end user; null if the event is about none. */
  referenceId: string | null;
  /** When it happened, ISO 8601 in UTC. An event that arrives later can have an earlier time. */
  time: string;
  /** The place in the order of all events; texts sort like numbers. */
  sequence: string;
  data: Record<string, unknown>;
}

/** The event of a verified body; null if the body is something else, such as a test event of a later version. */
export function serviceEventFrom(body: unknown): ServiceEvent | null {
  const { id, type, subject, time, sequence, data } = recordFrom(body);
  if (typeof id !== 'string' || typeof type !== 'string') return null;
  if (typeof time !== 'string' || typeof sequence !== 'string') return null;
  const referenceId = typeof subject === 'string' ? subject : null;
  return { id, type, referenceId, time, sequence, data: recordFrom(data) };
}

/** The value if it is a JSON object, an empty one otherwise. */
export function recordFrom(value: unknown): Record<string, unknown> {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord ? (value as Record<string, unknown>) : {};
}
