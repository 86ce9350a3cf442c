import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { hasContentEncoding, PublicUrls, sendProblem, toProblem, type AddressedRequest } from '../http';
import { findHeaderProblem, type SignedHeaders } from '../terra';
import { SignatureRefusals } from './signature-refusals';

/** Terra sends health data to the same URL, in chunks of up to 10 MB. */
const WEBHOOK_BODY_LIMIT = 15 * 1024 * 1024;

// Our own media type, so that its parser does not change how a host reads JSON.
const RAW = 'application/x-terra-connect-raw';

interface FastifyRoute {
  method: string | string[];
  url: string;
  bodyLimit?: number;
  onRequest?: unknown;
}
interface FastifyLike {
  addContentTypeParser(
    type: string,
    options: { parseAs: 'buffer'; bodyLimit: number },
    parse: (request: unknown, body: Buffer, done: (error: Error | null, body: Buffer) => void) => void,
  ): void;
  addHook(name: 'onRoute', hook: (route: FastifyRoute) => void): void;
  route(route: FastifyRoute): void;
  initialConfig: { ignoreTrailingSlash?: boolean; routerOptions?: { ignoreTrailingSlash?: boolean } };
}

interface SignedRequest extends AddressedRequest {
  headers: SignedHeaders;
}
interface ExpressRequest extends AsyncIterable<Buffer>, SignedRequest {
  method: string;
  path: string;
  body?: unknown;
}
interface ExpressLike {
  use(handler: (request: ExpressRequest, response: object, next: (error?: unknown) => void) => void): void;
  router: { stack: unknown[] };
  /** Only Express 4 has this method. Its `router` throws. */
  lazyrouter?: unknown;
}
/** Rejects a request if its headers show that the service cannot accept it. @returns whether it was rejected */
type RejectEarly = (request: SignedRequest, response: object) => boolean;

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
  ) {}

  /**
   * Call it in a module's `configure`, which runs before Nest registers routes; `onModuleInit` runs after that.
   *
   * @throws Error on an HTTP platform where no webhook could be verified
   */
  capture(): void {
    const { httpAdapter } = this.adapterHost;
    // T-21: rejects unsigned requests before their bodies are read into memory.
    const rejectEarly: RejectEarly = (request, response) => {
      const error = this.findHeaderError(request);
      if (error) sendProblem(httpAdapter, response, toProblem(error));
      return error !== null;
    };
    // The whole path: a host's route can end in the same words.
    const path = this.urls.webhookPath();
    const platform = httpAdapter.getType();
    if (platform === 'fastify') captureOnFastify(httpAdapter.getInstance<FastifyLike>(), path, rejectEarly);
    else if (platform === 'express' && !httpAdapter.getInstance<ExpressLike>().lazyrouter)
      captureOnExpress(httpAdapter.getInstance<ExpressLike>(), path, rejectEarly);
    else
      throw new Error(
        'TerraAuthModule cannot read the raw body of webhooks on this HTTP platform. Use Fastify or Express 5.',
      );
  }

  private findHeaderError(request: SignedRequest): Error | null {
    const cause = findHeaderProblem(request.headers);
    if (cause) return this.refusals.refuse(cause, request);
    return hasContentEncoding(request.headers) ? this.refusals.rejectEncoded(request) : null;
  }
}

function captureOnFastify(fastify: FastifyLike, path: string, rejectEarly: RejectEarly): void {
  fastify.addContentTypeParser(RAW, { parseAs: 'buffer', bodyLimit: WEBHOOK_BODY_LIMIT }, (_, body, done) =>
    done(null, body),
  );
  const takeRaw = (request: SignedRequest, reply: object, done: () => void): void => {
    if (rejectEarly(request, reply)) return;
    request.headers['content-type'] = RAW;
    done();
  };
  fastify.addHook('onRoute', (route) => {
    if (route.url !== path || !route.method.includes('POST')) return;
    route.bodyLimit = WEBHOOK_BODY_LIMIT;
    // Runs after the hooks of the host's plugins, such as a rate limit.
    route.onRequest = [route.onRequest ?? [], takeRaw].flat();
    // A destination at Terra may end with a slash, and Terra would disable one that gets 404. Fastify matches it only as an
    // option of the host, and Nest registers no path with one.
    if (!ignoresTrailingSlash(fastify)) fastify.route({ ...route, url: `${route.url}/` });
  });
}

function ignoresTrailingSlash({ initialConfig }: FastifyLike): boolean {
  return (initialConfig.routerOptions?.ignoreTrailingSlash ?? initialConfig.ignoreTrailingSlash) === true;
}

function captureOnExpress(express: ExpressLike, path: string, rejectEarly: RejectEarly): void {
  express.use((request, response, next) => {
    // A destination at Terra may end with a slash.
    if (request.method !== 'POST' || ![path, `${path}/`].includes(request.path)) return next();
    if (rejectEarly(request, response)) return;
    readBody(request).then((body) => {
      request.body = body;
      next();
    }, next);
  });
  // Our handler must come before the host's body parsers, which are in the stack already and skip a body that was read.
  const { stack } = express.router;
  stack.unshift(stack.pop());
}

/** @returns null when the body is larger than the route accepts */
async function readBody(request: AsyncIterable<Buffer>): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= WEBHOOK_BODY_LIMIT) chunks.push(chunk);
  }
  return size <= WEBHOOK_BODY_LIMIT ? Buffer.concat(chunks) : null;
}
