import { Redactor, type DomainError } from '../common';
import { RequestNotSentError } from './request-not-sent.error';
import {
  TerraBadCredentialsError,
  TerraEndpointMissingError,
  TerraGoneError,
  TerraMalformedAnswerError,
  TerraNoProviderEnabledError,
  TerraNotEntitledError,
  TerraNotFoundError,
  TerraRateLimitedError,
  TerraRejectedError,
  TerraTimeoutError,
  TerraUnavailableError,
  TerraUserCapReachedError,
} from './terra.errors';
import { asRecord, textOf } from './wire';

export type TerraAnswer =
  | { kind: 'answer'; status: number; body: unknown; retryAfter: number | undefined }
  /** No answer came. `sent`: Terra may have received the request. Otherwise it has not, for the reason. */
  | {
      kind: 'failure';
      body: undefined;
      error: DomainError;
      sent: true | RequestNotSentError['reason'];
      cause: string;
    };

export const WIDGET_SESSION = 'widget-session';
export const LEGACY_WIDGET_SESSION = 'legacy-widget-session';
const TIMEOUTS = /TIMEOUT|ABORT|ERR_CANCELED|ETIMEDOUT/;
const MAX_LOGGED_TEXT = 300;
// T-21: only so much of each text of Terra is searched for what it means.
const MAX_SEARCHED_TEXT = 2_000;
// A shorter value that we sent, such as `en`, is part of many words.
const MIN_CUT_LENGTH = 3;

/**
 * Returns the error that an answer means, or null for a success. Terra's errors are problem+json on `/api/v2` and
 * `{status, message}` on the widget endpoint and the old host; only the status code is common to both.
 */
export function errorOfAnswer(operation: string, answer: TerraAnswer): DomainError | null {
  if (answer.kind === 'failure') return answer.error;
  const { status, body } = answer;
  const said = saidBy(body, (text) => text.slice(0, MAX_SEARCHED_TEXT));
  if (status >= 200 && status < 300) {
    if (body === undefined || body === null || typeof body !== 'object')
      return new TerraMalformedAnswerError();
    return asRecord(body).status === 'error' ? (errorOfText(said) ?? new TerraRejectedError(status)) : null;
  }
  // The service follows no redirect: it would send its API key and the end user's reference to another address (T-18).
  if (status >= 300 && status < 400) return new TerraEndpointMissingError(operation);
  if (status === 401) return new TerraBadCredentialsError();
  if (status === 403) {
    const code = textOf(asRecord(body).code);
    const notEntitled = code === 'entitlement_required' || code === 'environment_disabled';
    return notEntitled ? new TerraNotEntitledError() : (errorOfText(said) ?? new TerraBadCredentialsError());
  }
  // Some auth endpoints of Terra answer 404 to a wrong dev-id. This must not count as an unknown user.
  if (status === 404)
    return /dev-?id/i.test(said) ? new TerraBadCredentialsError() : new TerraNotFoundError();
  if (status === 410) return new TerraGoneError();
  if (status === 429) return new TerraRateLimitedError(answer.retryAfter);
  if (status === 408) return new TerraTimeoutError();
  if (status === 500 && operation === LEGACY_WIDGET_SESSION) return errorOfLegacyWidget500(body, said);
  if (status >= 500) return new TerraUnavailableError({ retryAfterSeconds: answer.retryAfter });
  return errorOfText(said) ?? new TerraRejectedError(status);
}

// According to Terra's help center, generateWidgetSession answers 500 when no source is enabled, sometimes as an HTML
// page, and 500 with a null message when the credentials are wrong.
function errorOfLegacyWidget500(body: unknown, said: string): DomainError {
  if (body === undefined) return new TerraNoProviderEnabledError();
  if (asRecord(body).message === null) return new TerraBadCredentialsError();
  return errorOfText(said) ?? new TerraUnavailableError();
}

function errorOfText(said: string): DomainError | null {
  if (/user limit|limit reached|maximum (number of )?users/i.test(said))
    return new TerraUserCapReachedError();
  // Two searches: one pattern for both parts takes quadratic time if the first part repeats.
  const noProviderAt = said.search(/no (?:\w+ )?(?:provider|source|integration)s?\b/i);
  const noneEnabled = noProviderAt >= 0 && /\benabled/i.test(said.slice(noProviderAt));
  return noneEnabled || /not enabled any/i.test(said) ? new TerraNoProviderEnabledError() : null;
}

/** Returns the error for a request that failed, or whose answer could not be read. */
export function errorOfFailure(error: unknown): DomainError {
  if (error instanceof RequestNotSentError) return new TerraUnavailableError({ cause: error });
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  const kind = `${textOf(code) ?? ''} ${textOf(name) ?? ''}`;
  // If the connection is not open in time, that is an outage. If the answer does not arrive in time, that is a timeout.
  if (kind.includes('UND_ERR_CONNECT_TIMEOUT')) return new TerraUnavailableError({ cause: error });
  if (kind.includes('ANSWER_TOO_LARGE')) return new TerraMalformedAnswerError(error);
  if (TIMEOUTS.test(kind.toUpperCase())) return new TerraTimeoutError(error);
  return new TerraUnavailableError({ cause: error });
}

/** Returns `Retry-After` in seconds. A date becomes the number of seconds until then. */
export function retryAfterSeconds(headers: unknown): number | undefined {
  const value = textOf(asRecord(headers)['retry-after']);
  if (value === null) return undefined;
  if (/^\d{1,6}$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - Date.now()) / 1_000));
}

/**
 * Returns what the log may contain of a failed call: the texts of Terra's answer, without the values that we sent. A
 * gateway before Terra may return our headers in its answer.
 *
 * @param secrets the credentials of the call
 */
export function describeAnswer(
  call: { operation: string; url: string; query?: Record<string, string>; body?: Record<string, unknown> },
  answer: TerraAnswer,
  secrets: string[],
): Record<string, unknown> {
  // Without an answer, the operator must check the host first.
  if (answer.kind === 'failure') {
    return { operation: call.operation, host: new URL(call.url).host, cause: answer.cause };
  }
  const sent = [...secrets, ...Object.values(call.query ?? {}), ...Object.values(call.body ?? {})];
  const ours = new Redactor(
    sent.filter((value) => typeof value === 'string'),
    MIN_CUT_LENGTH,
  );
  const said = saidBy(answer.body, (text) => ours.excerpt(text, MAX_LOGGED_TEXT));
  return { operation: call.operation, status: answer.status, said: said.slice(0, MAX_LOGGED_TEXT) };
}

// Leaves out `instance`, which repeats the query string.
function saidBy(body: unknown, shorten: (text: string) => string): string {
  const { message, detail, title, code } = asRecord(body);
  const texts = [message, detail, title, code].map(textOf).filter((text) => text !== null);
  return texts.map(shorten).join('; ');
}
