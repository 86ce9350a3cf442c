import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Readable } from 'node:stream';
import { Clock, DomainError } from '../common';
import { WebhookSigningOptions } from '../config';
import {
  BodyBudget,
  hasContentEncoding,
  mayHaveLargeBody,
  PublicUrls,
  sendProblem,
  toProblem,
  type AddressedRequest,
  type SentResponse,
} from '../http';
import { findHeaderProblem, hasStaleTime, type SignedHeaders } from '../terra';
import { SignatureRefusals } from './signature-refusals';
import { WebhookIncompleteError, WebhookTooLargeError } from './webhooks.errors';

/** Terra sends health data to the same URL, in chunks of up to 10 MB. */
const WEBHOOK_BODY_LIMIT = 15 * 1024 * 1024;

// Our own media type, so that its parser does not change how a host reads JSON.
const RAW = 'application/x-terra-connect-raw';

interface FastifyRoute {
  method: string | string[];
  url: string;
  onRequest?: unknown;
}
interface SignedRequest extends AddressedRequest {
  headers: SignedHeaders;
}
interface FastifyReplyLike {
  raw: SentResponse;
}
interface FastifyLike {
  addContentTypeParser(
    type: string,
    parse: (request: SignedRequest, body: Readable, done: (error: unknown, body?: Buffer) => void) => void,
  ): void;
  addHook(name: 'onRoute', hook: (route: FastifyRoute) => void): void;
  route(route: FastifyRoute): void;
  initialConfig: { ignoreTrailingSlash?: boolean; routerOptions?: { ignoreTrailingSlash?: boolean } };
}

type ExpressRequest = Readable & SignedRequest & { method: string; path: string; body?: unknown };
interface ExpressLike {
  use(
    handler: (request: ExpressRequest, response: SentResponse, next: (error?: unknown) => void) => void,
  ): void;
  router: { stack: unknown[] };
  /** Only Express 4 has this method. Its `router` throws. */
  lazyrouter?: unknown;
}

/**
 * Gives the webhook route its body as the signed bytes. No parser may run before the signature check, and the host's
 * own parsers must not change. So each platform gets a special case for this one route, before its registration.
 */
@Injectable()
export class RawBody {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly refusals: SignatureRefusals,
    private readonly urls: PublicUrls,
    private readonly budget: BodyBudget,
    private readonly clock: Clock,
    private readonly options: WebhookSigningOptions,
  ) {}

  /**
   * Call it in a module's `configure`, which runs before Nest registers routes; `onModuleInit` runs after that.
   *
   * @throws Error on an HTTP platform where no webhook could be verified
   */
  capture(): void {
    const { httpAdapter } = this.adapterHost;
    // The whole path: a host's route can end in the same words.
    const path = this.urls.webhookPath();
    const platform = httpAdapter.getType();
    if (platform === 'fastify') this.captureOnFastify(httpAdapter.getInstance<FastifyLike>(), path);
    else if (platform === 'express' && !httpAdapter.getInstance<ExpressLike>().lazyrouter)
      this.captureOnExpress(httpAdapter.getInstance<ExpressLike>(), path);
    else
      throw new Error(
        'TerraAuthModule cannot read the raw body of webhooks on this HTTP platform. Use Fastify or Express 5.',
      );
  }

  private captureOnFastify(fastify: FastifyLike, path: string): void {
    // The parser does not get the reply.
    const replies = new WeakMap<SignedRequest, FastifyReplyLike>();
    fastify.addContentTypeParser(RAW, (request, body, done) => {
      const reply = replies.get(request) as FastifyReplyLike;
      this.read(body, request.headers, reply.raw).then(
        (bytes) => done(null, bytes),
        (error: unknown) => this.fail(error, reply, done),
      );
    });
    const takeRaw = (request: SignedRequest, reply: FastifyReplyLike, done: () => void): void => {
      const error = this.judge(request);
      if (error) return this.fail(error, reply, done);
      replies.set(request, reply);
      request.headers['content-type'] = RAW;
      done();
    };
    fastify.addHook('onRoute', (route) => {
      if (route.url !== path || !route.method.includes('POST')) return;
      // Runs after the hooks of the host's plugins, such as a rate limit.
      route.onRequest = [route.onRequest ?? [], takeRaw].flat();
      // A destination at Terra may end with a slash, and Terra would disable one that gets 404. Fastify matches it only as
      // an option of the host, and Nest registers no path with one.
      if (!ignoresTrailingSlash(fastify)) fastify.route({ ...route, url: `${route.url}/` });
    });
  }

  private captureOnExpress(express: ExpressLike, path: string): void {
    express.use((request, response, next) => {
      // A destination at Terra may end with a slash.
      if (request.method !== 'POST' || ![path, `${path}/`].includes(request.path)) return next();
      const error = this.judge(request);
      if (error) return this.fail(error, response, next);
      this.read(request, request.headers, response).then(
        (bytes) => {
          request.body = bytes;
          next();
        },
        (failure: unknown) => this.fail(failure, response, next),
      );
    });
    // Our handler must come before the host's body parsers, which are in the stack already and skip a body that was read.
    const { stack } = express.router;
    stack.unshift(stack.pop());
  }

  /**
   * Judges everything that the headers tell, before the body is read into memory (T-21). The time of a small body waits
   * for its signature, so that a metric tells a wrong clock from a forged time.
   */
  private judge(request: SignedRequest): DomainError | null {
    const { headers } = request;
    if (Number(headers['content-length']) > WEBHOOK_BODY_LIMIT) return new WebhookTooLargeError();
    const isStale = (): boolean =>
      hasStaleTime(headers, this.clock.now(), this.options.signatureToleranceSeconds);
    const cause =
      findHeaderProblem(headers) ?? (mayHaveLargeBody(headers) && isStale() ? 'stale_unverified' : null);
    if (cause) return this.refusals.refuse(cause, request);
    return hasContentEncoding(headers) ? this.refusals.rejectEncoded(request) : null;
  }

  /** @throws WebhookTooLargeError, BodyBudgetUsedUpError as soon as the body is too large, with the rest of it unread */
  private async read(body: Readable, headers: SignedHeaders, response: SentResponse): Promise<Buffer> {
    const metered = this.budget.meter(body, headers, response);
    const chunks: Buffer[] = [];
    let size = 0;
    // Events, because an async iterator costs three times as much for a small body.
    return new Promise((resolve, reject) => {
      // No event would come any more.
      if (metered.readableEnded || metered.destroyed) return reject(new WebhookIncompleteError());
      metered.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= WEBHOOK_BODY_LIMIT) return void chunks.push(chunk);
        chunks.length = 0;
        // Without `destroy`, so that the client gets the answer.
        metered.pause();
        reject(new WebhookTooLargeError());
      });
      // A copy: a chunk is a part of a buffer of 64 KB, which would stay in memory until the commit.
      metered.once('end', () => resolve(Buffer.concat(chunks)));
      metered.on('error', (error) =>
        reject(error instanceof DomainError ? error : new WebhookIncompleteError()),
      );
      metered.once('close', () => reject(new WebhookIncompleteError()));
    });
  }

  // Answers by itself, because the filters of the route do not run yet, and a host's own filter does not know our errors.
  // It closes the connection, because the rest of the body is unread.
  private fail(error: unknown, response: object, next: (error: unknown) => void): void {
    if (!(error instanceof DomainError)) return next(error);
    const { httpAdapter } = this.adapterHost;
    httpAdapter.setHeader(response, 'connection', 'close');
    sendProblem(httpAdapter, response, toProblem(error));
  }
}

function ignoresTrailingSlash({ initialConfig }: FastifyLike): boolean {
  return (initialConfig.routerOptions?.ignoreTrailingSlash ?? initialConfig.ignoreTrailingSlash) === true;
}
