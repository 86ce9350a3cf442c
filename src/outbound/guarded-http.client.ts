import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { OutboundOptions } from '../config';
import { AnswerReader, type OutboundAnswer } from './answer-reader';
import { describeDownloadProblem, isAllowedHost } from './download-rules';
import { describeEndpointUrlProblem } from './endpoint-url';
import { GuardedSockets, MAX_REQUESTS_PER_ORIGIN } from './guarded-sockets';
import { OutboundError } from './outbound.error';

const MAX_REQUESTS = 512;
// One event of Terra has up to 15 MB, and its envelope some KB.
const MAX_REQUEST_BYTES = 16 * 1_024 * 1_024;
const MAX_ONE_WRITE_BYTES = 16 * 1_024;
// TLS copies what it writes, so it gets a body piece by piece.
const PIECE_BYTES = 256 * 1_024;
const DEFAULT_MAX_DOWNLOAD_BYTES = 15 * 1_024 * 1_024;
// A presigned URL can hold a session token of some KB.
const MAX_DOWNLOAD_URL_LENGTH = 8_192;

export interface OutboundRequest {
  method: 'GET' | 'POST';
  url: string;
  headers?: Record<string, string>;
  /** Parts follow each other, and are not joined unless they are small. */
  body?: string | readonly Buffer[];
  /** The deadline of everything: DNS, connecting, sending, and reading the answer. */
  timeoutMs: number;
  /** How much of the answer's body is read. The connection is then closed. */
  maxResponseBytes: number;
  /** Default: 2,048 characters. */
  maxUrlLength?: number;
  signal?: AbortSignal;
}

export interface Download {
  /** The host of the URL must be one of these, or end with a dot and one of these. */
  allowedHostSuffixes: string[];
  /** Default: 15 MB. */
  maxBytes?: number;
  timeoutMs: number;
  signal?: AbortSignal;
}

/**
 * Calls URLs that callers or Terra have chosen (T-18): only over TLS, only at addresses that it has checked, without
 * following redirects, and with limits on sizes, times and sockets.
 */
@Injectable()
export class GuardedHttpClient implements OnApplicationShutdown {
  private readonly running = new Map<string, number>();
  private total = 0;

  constructor(
    private readonly options: OutboundOptions,
    private readonly sockets: GuardedSockets,
  ) {}

  /**
   * Sends one request. An answer of every status is an answer, also 3xx, and also if its body is cut.
   *
   * @throws OutboundError when there is no answer
   */
  async send(request: OutboundRequest): Promise<OutboundAnswer> {
    const { url, body = [], signal } = request;
    const problem = describeEndpointUrlProblem(url, this.options, request.maxUrlLength);
    if (problem !== null) throw new OutboundError('url_forbidden', problem);
    if (signal?.aborted) throw new OutboundError('aborted', 'BEFORE_SENDING');
    const parts = typeof body === 'string' ? [Buffer.from(body)] : body;
    const bytes = parts.reduce((sum, { length }) => sum + length, 0);
    if (bytes > MAX_REQUEST_BYTES) throw new OutboundError('too_large', 'REQUEST_BODY');
    const { origin, pathname, search } = new URL(url);
    const release = this.take(origin);
    const { timeoutMs, maxResponseBytes: maxBytes } = request;
    const isOneWrite = bytes <= MAX_ONE_WRITE_BYTES;
    const reader = new AnswerReader({ timeoutMs, maxBytes, signal, isOneWrite }, release);
    this.sockets.dispatcher.dispatch(
      {
        origin,
        path: `${pathname}${search}`,
        method: request.method,
        headers: {
          'user-agent': 'terra-connect',
          ...request.headers,
          'accept-encoding': 'identity',
          ...(bytes > 0 && { 'content-length': String(bytes) }),
        },
        body:
          bytes === 0
            ? null
            : isOneWrite
              ? Buffer.concat(parts)
              : Readable.from(piecesOf(parts), { objectMode: false }),
      } satisfies Dispatcher.DispatchOptions,
      reader,
    );
    return reader.answer;
  }

  /**
   * Fetches a file that Terra has named.
   *
   * @returns its bytes, not decompressed
   * @throws OutboundError, also when the file is too large, not complete or of another type
   */
  async download(url: string, download: Download): Promise<Buffer> {
    const { allowedHostSuffixes, timeoutMs, signal, maxBytes = DEFAULT_MAX_DOWNLOAD_BYTES } = download;
    if (!isAllowedHost(url, allowedHostSuffixes))
      throw new OutboundError('url_forbidden', 'must name a host of the list of allowed hosts');
    const answer = await this.send({
      method: 'GET',
      url,
      timeoutMs,
      maxResponseBytes: maxBytes,
      maxUrlLength: MAX_DOWNLOAD_URL_LENGTH,
      signal,
    });
    const problem = describeDownloadProblem(answer);
    if (problem !== null) throw new OutboundError('answer_rejected', problem, true);
    if (answer.truncated === null) return answer.body;
    const code = answer.truncated === 'connection_lost' ? 'connection_failed' : answer.truncated;
    throw new OutboundError(code, 'BODY', true);
  }

  /** Ends all requests. The workers have stopped before. */
  onApplicationShutdown(): Promise<void> {
    return this.sockets.dispatcher.destroy();
  }

  /** Takes a place for one request, so that undici's queue has a bound. */
  private take(origin: string): () => void {
    const running = this.running.get(origin) ?? 0;
    if (running >= MAX_REQUESTS_PER_ORIGIN || this.total >= MAX_REQUESTS)
      throw new OutboundError('busy', running >= MAX_REQUESTS_PER_ORIGIN ? 'ORIGIN' : 'PROCESS');
    this.running.set(origin, running + 1);
    this.total += 1;
    return () => {
      this.total -= 1;
      const left = (this.running.get(origin) ?? 0) - 1;
      if (left > 0) this.running.set(origin, left);
      else this.running.delete(origin);
    };
  }
}

function* piecesOf(parts: readonly Buffer[]): Generator<Buffer> {
  for (const part of parts)
    for (let from = 0; from < part.length; from += PIECE_BYTES) yield part.subarray(from, from + PIECE_BYTES);
}
