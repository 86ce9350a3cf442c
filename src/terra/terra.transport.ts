import { HttpService } from '@nestjs/axios';
import { Injectable, Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, type DomainError } from '../common';
import { TerraApiOptions } from '../config';
import { Metrics } from '../observability';
import { retryDelayMs, type RetryPolicy } from '../queue';
import type { Health } from './circuit-breaker';
import { RequestNotSentError } from './request-not-sent.error';
import {
  describeAnswer,
  errorOfAnswer,
  errorOfFailure,
  retryAfterSeconds,
  type TerraAnswer,
} from './terra-answer';
import { TerraNotFoundError, TerraTimeoutError, TerraUnavailableError } from './terra.errors';
import { TerraGate } from './terra.gate';

/** The deadline of a call with its retries. A call may set a shorter one. */
export const TOTAL_DEADLINE_MS = 10_000;
const RETRY: RetryPolicy = { baseMs: 200, maxMs: 1_000, attempts: 2 };
// Enough for an answer about one session, token or user. A list sets its own limit.
const MAX_ANSWER_BYTES = 64 * 1_024;
// A call that had less time to get its answer, because it came late in its caller's deadline, says nothing about Terra.
const MIN_TELLING_MS = 2_000;

export interface TerraCall {
  /** Names the call in logs and metrics. */
  operation: string;
  method: 'GET' | 'POST' | 'DELETE';
  url: string;
  query?: Record<string, string>;
  body?: Record<string, unknown>;
  /** Terra's catalogue is public, and a request for it fails if it contains the API key. */
  credentials?: 'dev-id only';
  /** Whether repeating the call is safe. */
  repeatable: boolean;
  /** Whether a 404 is an answer like others (what the call asks for does not exist), and so no warning in the log. */
  mayBeAbsent?: boolean;
  /** How often to repeat a failed call, and when; default: once, after a fraction of a second. */
  retry?: RetryPolicy;
  /** The largest answer that the service reads; a longer one is malformed. Default: 64 KB. */
  maxAnswerBytes?: number;
  deadlineMs?: number;
}

/** Sends requests to Terra with credentials and deadlines, repeats them if that is safe, and throws our own errors. */
@Injectable()
export class TerraTransport {
  private readonly logger = new Logger(TerraTransport.name);

  constructor(
    private readonly http: HttpService,
    private readonly gate: TerraGate,
    private readonly metrics: Metrics,
    private readonly options: TerraApiOptions,
  ) {}

  /**
   * @returns the body of a successful answer
   * @throws TerraPausedError while calls to Terra are paused, and the other errors of `terra.errors.ts`
   */
  async send(call: TerraCall): Promise<unknown> {
    const deadline = Date.now() + Math.min(call.deadlineMs ?? TOTAL_DEADLINE_MS, TOTAL_DEADLINE_MS);
    let permit = this.gate.admit(call.operation);
    for (let attempt = 1; ; attempt += 1) {
      const leftMs = deadline - Date.now();
      const answer = await this.attempt(call, leftMs);
      const error = errorOfAnswer(call.operation, answer);
      const retryAfterMs = answer.kind === 'answer' ? (answer.retryAfter ?? 0) * 1_000 : 0;
      permit.report(healthOf(answer, error, leftMs), retryAfterMs);
      if (!error) return answer.body;
      const isAbsence = call.mayBeAbsent === true && error instanceof TerraNotFoundError;
      this.logger[isAbsence ? 'debug' : 'warn']({
        event: 'terra.request_failed',
        attempt,
        error: error.code,
        ...describeAnswer(call, answer, [this.options.apiKey]),
      });
      if (answer.kind === 'answer' && answer.status === 429) this.gate.pause(call.operation, retryAfterMs);
      const waitMs = this.waitBeforeRetry(call, answer, attempt);
      if (waitMs === null || Date.now() + waitMs >= deadline) throw error;
      // The budget limits the load on Terra, and a request on a dead connection was none.
      if (!diedUnsent(answer) && !this.gate.takeRetry(call.operation)) throw error;
      await sleep(waitMs);
      const next = this.gate.readmit(call.operation);
      if (!next) throw error;
      permit = next;
    }
  }

  private async attempt(call: TerraCall, remainingMs: number): Promise<TerraAnswer> {
    const stopTimer = this.metrics.terraRequests.startTimer({ operation: call.operation });
    const url = call.query ? `${call.url}?${new URLSearchParams(call.query).toString()}` : call.url;
    try {
      // Uses the axios instance directly: HttpService's observables would cancel each request after its success.
      const { status, headers, data } = await this.http.axiosRef.request<string>({
        url,
        method: call.method,
        headers: this.headers(call),
        data: call.body && JSON.stringify(call.body),
        signal: AbortSignal.timeout(Math.max(1, remainingMs)),
        maxContentLength: call.maxAnswerBytes ?? MAX_ANSWER_BYTES,
        validateStatus: () => true,
        transformRequest: [],
        transformResponse: [],
      });
      stopTimer({ outcome: `${Math.floor(status / 100)}xx` });
      return { kind: 'answer', status, body: parseJson(data), retryAfter: retryAfterSeconds(headers) };
    } catch (error) {
      stopTimer({ outcome: 'failed' });
      return {
        kind: 'failure',
        body: undefined,
        error: errorOfFailure(error),
        sent: error instanceof RequestNotSentError ? error.reason : true,
        cause: codeOf(error),
      };
    }
  }

  private headers(call: TerraCall): Record<string, string> {
    const { devId, apiKey } = this.options;
    return {
      'dev-id': devId,
      ...(call.credentials === 'dev-id only' ? {} : { 'x-api-key': apiKey }),
      accept: 'application/json',
      // Without this header, any compression would be allowed, and a small answer could become an endless one.
      'accept-encoding': 'identity',
      'user-agent': 'terra-connect',
      ...(call.body ? { 'content-type': 'application/json' } : {}),
    };
  }

  // Repeats a POST only if Terra cannot have acted on it: no byte was sent, or Terra is busy and says when to retry.
  private waitBeforeRetry(call: TerraCall, answer: TerraAnswer, attempt: number): number | null {
    const retry = call.retry ?? RETRY;
    if (attempt >= retry.attempts) return null;
    if (diedUnsent(answer)) return 0;
    if (answer.kind === 'failure')
      return call.repeatable || answer.sent !== true ? retryDelayMs(retry, attempt) : null;
    const busy = answer.status === 429 || answer.status === 503;
    if (busy && answer.retryAfter !== undefined) return answer.retryAfter * 1_000;
    return call.repeatable && (busy || answer.status >= 500) ? retryDelayMs(retry, attempt) : null;
  }
}

/** Whether a kept connection died before the request was written to it. */
function diedUnsent(answer: TerraAnswer): boolean {
  return answer.kind === 'failure' && answer.sent === 'dead_connection';
}

/** Only outages and timeouts are failures of Terra. Any other answer, also a rejection, shows that Terra works. */
function healthOf(answer: TerraAnswer, error: DomainError | null, hadMs: number): Health {
  if (diedUnsent(answer)) return 'unknown';
  if (error instanceof TerraTimeoutError) return hadMs < MIN_TELLING_MS ? 'unknown' : 'unhealthy';
  return error instanceof TerraUnavailableError ? 'unhealthy' : 'healthy';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
