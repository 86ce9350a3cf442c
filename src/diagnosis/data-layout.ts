import type { DiagnosisInput } from './diagnosis-input';

/** Where the health data of end users goes: see docs/data.md. */
export const DATA_LAYOUTS = ['through_service', 'elsewhere', 'not_forwarded', 'unknown'] as const;

export interface DataLayout {
  layout: (typeof DATA_LAYOUTS)[number];
  explanation: string;
}

const DAYS = 7;
const DAY_MS = 86_400_000;

/** Concludes from what arrives and from who takes it where health data goes. A pure function of its input. */
export function dataLayoutOf({ now, connections, lastDataAt, told }: DiagnosisInput): DataLayout {
  const { dataTakers: takers } = told;
  const arrivals = [lastDataAt, ...connections.map(({ connection }) => connection.lastDataAt)];
  const arrived = Math.max(0, ...arrivals.map((at) => at?.getTime() ?? 0));
  const names = takers
    .map((taker) => (taker === 'nats' ? 'NATS' : `the webhook endpoint ${taker}`))
    .join(', ');
  const isRecent = (at: number): boolean => at > now.getTime() - DAYS * DAY_MS;
  if (isRecent(arrived)) {
    const since = new Date(arrived).toISOString();
    return takers.length > 0
      ? {
          layout: 'through_service',
          explanation: `Terra sends health data to this service (last at about ${since}), which hands it on to ${names}.`,
        }
      : {
          layout: 'not_forwarded',
          explanation: `Terra sends health data to this service (last at about ${since}), and nobody takes it: the service drops it. If you need it here, let a webhook endpoint or EVENTS_NATS_TYPES name data.* types. If your systems get it from Terra directly, limit the destination of this service at Terra to events about authentication.`,
        };
  }
  // An account that was connected a moment ago has often sent nothing yet.
  const isSettled = connections.some(
    ({ connection: { status, connectedAt } }) => status === 'active' && !isRecent(connectedAt.getTime()),
  );
  if (isSettled)
    return {
      layout: 'elsewhere',
      explanation:
        `No health data has arrived here for ${DAYS} days, although accounts are connected: Terra seems to send it to another destination, or the devices send none.` +
        (takers.length > 0
          ? ` But ${names} would take it: check the destinations on the Terra dashboard.`
          : ''),
    };
  return {
    layout: 'unknown',
    explanation: `No health data has arrived here for ${DAYS} days, and this end user has no account that has been active for longer. ${takers.length > 0 ? `When data arrives, the service hands it on to ${names}.` : 'Nobody would take it.'}`,
  };
}
