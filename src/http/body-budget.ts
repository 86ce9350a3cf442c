import { Injectable } from '@nestjs/common';
import { Transform, type Readable } from 'node:stream';
import { DomainError } from '../common';
import { BodyBudgetOptions } from '../config';

const MEGABYTE = 1024 * 1024;
// Events that connect and disconnect accounts have less than 2 KB. They must arrive while large bodies use up the budget.
const FREE_BYTES = 16 * 1024;
const RETRY_AFTER_SECONDS = 5;

class BodyBudgetUsedUpError extends DomainError {
  constructor() {
    super(
      'unavailable',
      'request.too_many_bodies',
      'The service is reading as many large bodies as its memory allows. Wait for the seconds in Retry-After, then send the request again.',
      { retryAfterSeconds: RETRY_AFTER_SECONDS, leavesBodyUnread: true },
    );
  }
}

/** A response of Node, as every HTTP platform has it. */
export interface SentResponse {
  once(event: 'close', listener: () => void): unknown;
}
export type BodyHeaders = Record<string, string | string[] | undefined>;

/**
 * Limits the memory that the bodies of all requests take at one time (T-21). It counts the bytes that arrive and not those
 * that headers announce: otherwise a stranger could use up the budget with headers. The first 16 KB of each body are free,
 * because the limit of connections bounds them.
 */
@Injectable()
export class BodyBudget {
  private readonly bytes: number;
  private used = 0;
  private readonly metered = new WeakSet<Readable>();

  constructor({ megabytes }: BodyBudgetOptions) {
    this.bytes = megabytes * MEGABYTE;
  }

  /** How many bytes the bodies of the open requests take. */
  get usedBytes(): number {
    return this.used;
  }

  /**
   * A stream with the bytes of the body, which fails with {@link BodyBudgetUsedUpError} as soon as they do not fit. A
   * small body needs no other stream.
   *
   * @param response ends the use of the budget when it is sent
   * @throws BodyBudgetUsedUpError when the body does not fit, according to `Content-Length`
   */
  meter(body: Readable, headers: BodyHeaders, response: SentResponse): Readable {
    // The application and the module may both meter a webhook.
    if (!mayHaveLargeBody(headers) || this.metered.has(body)) return body;
    if (!this.fits(Number(headers['content-length'] ?? 0) - FREE_BYTES)) throw new BodyBudgetUsedUpError();
    let received = 0;
    let held = 0;
    const metered = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        received += chunk.length;
        const more = Math.max(0, received - FREE_BYTES) - held;
        if (!this.fits(more)) return done(new BodyBudgetUsedUpError());
        held += more;
        this.used += more;
        done(null, chunk);
      },
    });
    response.once('close', () => {
      metered.destroy();
      this.used -= held;
    });
    // Not `pipeline`: it would destroy the request with its socket, and the client would get no answer.
    body.once('error', (error) => metered.destroy(error));
    this.metered.add(metered);
    return body.pipe(metered);
  }

  private fits(bytes: number): boolean {
    return bytes <= 0 || this.used + bytes <= this.bytes;
  }
}

/** Whether the headers announce a body that counts in the budget. In HTTP/1.1, a request without both has no body. */
export function mayHaveLargeBody(headers: BodyHeaders): boolean {
  const length = headers['content-length'];
  return length === undefined ? headers['transfer-encoding'] !== undefined : Number(length) > FREE_BYTES;
}
