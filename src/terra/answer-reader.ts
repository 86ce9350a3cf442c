import type { Dispatcher } from 'undici';
import { codeOf } from '../common';
import { RequestNotSentError } from './request-not-sent.error';

export interface ReadAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

// Enough for each documented error of Terra. The status matters more than the text, so a longer text is cut.
const MAX_ERROR_BYTES = 16 * 1_024;

/** Reads one answer of undici up to a number of bytes, and says whether the request was sent if it fails. */
export class AnswerReader implements Dispatcher.DispatchHandler {
  readonly answer: Promise<ReadAnswer>;
  private resolve: (answer: ReadAnswer) => void;
  private reject: (error: unknown) => void;
  private controller: Dispatcher.DispatchController | null = null;
  private status = 0;
  private headers: ReadAnswer['headers'] = {};
  private readonly chunks: Buffer[] = [];
  private bytes = 0;

  constructor(
    private readonly maxBytes: number,
    private readonly signal?: AbortSignal,
  ) {
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    signal?.addEventListener('abort', this.abort, { once: true });
  }

  /** undici calls this when it hands the request to a connection, immediately before it writes. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.signal?.aborted) this.abort();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: ReadAnswer['headers'],
  ): void {
    this.status = status;
    this.headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const isSuccess = this.status >= 200 && this.status < 300;
    const limit = isSuccess ? this.maxBytes : Math.min(this.maxBytes, MAX_ERROR_BYTES);
    this.chunks.push(chunk.subarray(0, limit - this.bytes));
    this.bytes += chunk.length;
    if (this.bytes <= limit) return;
    const tooLarge = Object.assign(new Error("Terra's answer is too large."), { code: 'ANSWER_TOO_LARGE' });
    if (isSuccess) this.reject(tooLarge);
    else this.finish();
    // Closes the connection, so undici does not read the rest.
    controller.abort(tooLarge);
  }

  onResponseEnd(): void {
    this.finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.signal?.removeEventListener('abort', this.abort);
    this.reject(this.wasSent(error) ? error : toNotSent(error));
  }

  // Headers and body are one write. If it fails, the kernel has taken no byte.
  private wasSent(error: Error): boolean {
    return this.controller !== null && (error as NodeJS.ErrnoException).syscall !== 'write';
  }

  private finish(): void {
    this.signal?.removeEventListener('abort', this.abort);
    const { status, headers, chunks } = this;
    this.resolve({ status, headers, text: Buffer.concat(chunks).toString('utf8') });
  }

  // A request that still waits for a connection cannot be taken out of undici's queue. It ends in onRequestStart.
  private readonly abort = (): void => {
    const reason = this.signal?.reason as Error;
    this.reject(reason);
    this.controller?.abort(reason);
  };
}

function toNotSent(error: Error): RequestNotSentError {
  return error instanceof RequestNotSentError
    ? error
    : new RequestNotSentError('dead_connection', codeOf(error));
}
