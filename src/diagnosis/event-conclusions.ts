import type { EndUserEndpoint } from '../events';
import type { Conclusion, DiagnosisInput } from './diagnosis-input';

/** A delivery that has failed this often does not fail by chance. */
const FAILING_ATTEMPTS = 3;

/** The conclusions from events about the end user that do not reach an endpoint. */
export function concludeEvents({ told: { endpoints } }: DiagnosisInput): Conclusion[] {
  return endpoints.flatMap((endpoint) => [...disabled(endpoint), ...failing(endpoint)]);
}

/** The address of an endpoint without path and query, which may hold a secret of the receiver. */
export function originOf(url: string): string {
  return new URL(url).origin;
}

function disabled({ id, url, enabled, disabledReason, lane }: EndUserEndpoint): Conclusion[] {
  if (enabled || !lane) return [];
  const why = {
    requested: 'a caller disabled it',
    gone: 'it answered 410',
    failing: 'it accepted nothing for five days',
  }[disabledReason ?? 'requested'];
  return [
    {
      code: 'endpoint_disabled',
      summary: `Events about this end user wait for the webhook endpoint ${id} (${originOf(url)}), which is disabled: ${why}.`,
      advice: `Repair the receiver, then enable the endpoint: PATCH /v1/webhook-endpoints/${id} with {"enabled": true}. The events then leave in their order. If nobody needs them, delete the endpoint.`,
    },
  ];
}

function failing({ id, url, enabled, lane }: EndUserEndpoint): Conclusion[] {
  if (!enabled || !lane || lane.attempts < FAILING_ATTEMPTS) return [];
  const { attempts, dueAt, firstEventId, lastAttempt } = lane;
  const answer = lastAttempt?.status
    ? `it answered ${lastAttempt.status}`
    : `there was no answer (${lastAttempt?.error ?? 'unknown'})`;
  return [
    {
      code: 'deliveries_fail',
      summary: `The webhook endpoint ${id} (${originOf(url)}) has not accepted the event ${firstEventId} in ${attempts} attempts: ${answer}. Later events about this end user wait behind it.`,
      advice: `Repair the receiver: it must answer 2xx within 15 seconds. The next attempt is due at ${dueAt.toISOString()}; three days after the first one, the service gives the event up and sends the next.`,
    },
  ];
}
