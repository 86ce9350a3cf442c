import type { Dispatcher } from 'undici';
import { codeOf } from '../common';
import { OutboundError } from './outbound.error';

/** Why the service did not read the rest of a body. The status and the headers of the answer are known nevertheless. */
export type Truncation = 'too_large' | 'timed_out' | 'connection_lost';

export interface OutboundAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** The body as it came, up to the limit. Nothing is decompressed. */
  body: Buffer;
  /** Null: the body is complete. */
  truncated: Truncation | null;
}

export interface ReadingLimits {
  maxBytes: number;
  /** The deadline of everything: waiting for a connection, connecting, sending, and reading. */
  timeoutMs: number;
  signal?: AbortSignal;
  /** Headers and a small body are one write. If it fails, the kernel has taken no byte. */
  isOneWrite: boolean;
}

/** Reads one answer of undici up to its limits, then closes the connection, so that the receiver cannot send the rest. */
export class AnswerReader implements Dispatcher.DispatchHandler {
  readonly answer: Promise<OutboundAnswer>;
  private resolve: (answer: OutboundAnswer) => void;
  private reject: (error: OutboundError) => void;
  private controller: Dispatcher.DispatchController | null = null;
  private status = 0;
  private headers: OutboundAnswer['headers'] = {};
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  private stopped: Error | null = null;
  private readonly timer: NodeJS.Timeout;

  /** @param onReleased is called once, when undici no longer holds the request */
  constructor(
    private readonly limits: ReadingLimits,
    private readonly onReleased: () => void,
  ) {
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.timer = setTimeout(() => this.stop('timed_out'), limits.timeoutMs);
    limits.signal?.addEventListener('abort', this.abort, { once: true });
  }

  /** undici calls this when it hands the request to a connection, immediately before it writes. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    // A request that waits for a connection cannot be taken out of undici's queue. It ends here.
    if (this.stopped) return controller.abort(this.stopped);
    this.controller = controller;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: OutboundAnswer['headers'],
  ): void {
    // 1xx: the answer is still to come.
    if (status < 200) return;
    this.status = status;
    this.headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.stopped) return;
    const left = this.limits.maxBytes - this.bytes;
    this.chunks.push(chunk.subarray(0, left));
    this.bytes += chunk.length;
    if (chunk.length > left) this.stop('too_large');
  }

  onResponseEnd(): void {
    this.finish(null);
    this.onReleased();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (!this.stopped && this.status > 0) this.finish(isTimeout(error) ? 'timed_out' : 'connection_lost');
    else if (!this.stopped) this.fail(this.describe(error));
    this.onReleased();
  }

  private readonly abort = (): void => this.stop('aborted');

  private stop(reason: 'aborted' | Truncation): void {
    this.stopped = new Error(reason);
    if (this.status > 0 && reason !== 'aborted') this.finish(reason);
    else
      this.fail(new OutboundError(reason === 'aborted' ? 'aborted' : 'timed_out', 'TOTAL', this.wasSent()));
    // Destroys the socket.
    this.controller?.abort(this.stopped);
  }

  private describe(error: Error): OutboundError {
    if (error instanceof OutboundError) return error;
    const code = codeOf(error) || error.name;
    const isWrite = (error as NodeJS.ErrnoException).syscall === 'write';
    const sent = this.wasSent() && !(isWrite && this.limits.isOneWrite);
    if (code === 'UND_ERR_HEADERS_OVERFLOW') return new OutboundError('too_large', code, sent);
    return new OutboundError(isTimeout(error) ? 'timed_out' : 'connection_failed', code, sent);
  }

  private wasSent(): boolean {
    return this.controller !== null;
  }

  private finish(truncated: Truncation | null): void {
    this.release();
    const { status, headers, chunks } = this;
    this.resolve({ status, headers, body: Buffer.concat(chunks), truncated });
  }

  private fail(error: OutboundError): void {
    this.release();
    this.reject(error);
  }

  private release(): void {
    clearTimeout(this.timer);
    this.limits.signal?.removeEventListener('abort', this.abort);
  }
}

function isTimeout(error: Error): boolean {
  return ['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'].includes(codeOf(error));
}
