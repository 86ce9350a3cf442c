import { HttpService } from '@nestjs/axios';
import { Injectable, Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { TerraApiOptions } from '../config';
import { Metrics } from '../observability';
import { retryDelayMs } from '../queue';
import {
  describeAnswer,
  errorOfAnswer,
  errorOfFailure,
  retryAfterSeconds,
  type TerraAnswer,
} from './terra-answer';

/** The deadline of a call with its retries. A call may set a shorter one. */
export const TOTAL_DEADLINE_MS = 10_000;
const MAX_ATTEMPTS = 2;
const RETRY = { baseMs: 200, maxMs: 1_000, attempts: MAX_ATTEMPTS };
// With these errors, no byte of the request was sent, so Terra cannot act twice after a repetition.
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);

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
  deadlineMs?: number;
}

/** Sends requests to Terra with credentials and deadlines, repeats them if that is safe, and throws our own errors. */
@Injectable()
export class TerraTransport {
  private readonly logger = new Logger(TerraTransport.name);

  constructor(
    private readonly http: HttpService,
    private readonly metrics: Metrics,
    private readonly options: TerraApiOptions,
  ) {}

  /**
   * @returns the body of a successful answer
   * @throws the Terra errors of `terra.errors.ts`
   */
  async send(call: TerraCall): Promise<unknown> {
    const deadline = Date.now() + Math.min(call.deadlineMs ?? TOTAL_DEADLINE_MS, TOTAL_DEADLINE_MS);
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.attempt(call, deadline - Date.now());
      const error = errorOfAnswer(call.operation, answer);
      if (!error) return answer.body;
      this.logger.warn({
        event: 'terra.request_failed',
        attempt,
        error: error.code,
        ...describeAnswer(call, answer, [this.options.apiKey]),
      });
      const waitMs = this.waitBeforeRetry(call, answer, attempt);
      if (waitMs === null || Date.now() + waitMs >= deadline) throw error;
      await sleep(waitMs);
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
        sent: !NOT_SENT.has(codeOf(error)),
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
      'user-agent': 'terra-connect',
      ...(call.body ? { 'content-type': 'application/json' } : {}),
    };
  }

  // Repeats a POST only if Terra cannot have acted on it: no byte was sent, or Terra is busy and says when to retry.
  private waitBeforeRetry(call: TerraCall, answer: TerraAnswer, attempt: number): number | null {
    if (attempt >= MAX_ATTEMPTS) return null;
    if (answer.kind === 'failure')
      return call.repeatable || !answer.sent ? retryDelayMs(RETRY, attempt) : null;
    const busy = answer.status === 429 || answer.status === 503;
    if (busy && answer.retryAfter !== undefined) return answer.retryAfter * 1_000;
    return call.repeatable && (busy || answer.status >= 500) ? retryDelayMs(RETRY, attempt) : null;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}
