import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { answerClientError } from './app.client-errors';
import { listenErrorOf } from './app.listen';
import type { Namespaces } from './config';

// Compared with the pattern of the route, because a URL can be percent-encoded. Swagger adds routes such as /docs-yaml.
const MANAGEMENT_ROUTE = /^\/(metrics|health|docs|openapi\.json|asyncapi\.json)/;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * T-21: serves /metrics, /health and /docs on MANAGEMENT_PORT, for operators only; the main port then answers 404 for them.
 * Both ports lead to the same Fastify instance. Without MANAGEMENT_PORT, the main port serves everything.
 */
@Injectable()
export class ManagementServer implements OnApplicationShutdown {
  private readonly logger = new Logger(ManagementServer.name);
  private readonly port: number | undefined;
  private readonly requests = new WeakSet<IncomingMessage>();
  private readonly server = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
    (request, response) => {
      this.requests.add(request);
      this.fastify.routing(request, response);
    },
  );

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    config: ConfigService<Namespaces, true>,
  ) {
    this.port = config.get('app', { infer: true }).managementPort;
  }

  /** Whether there is a MANAGEMENT_PORT. */
  get isSeparate(): boolean {
    return this.port !== undefined;
  }

  /** Whether the request may see what is for operators: it came to MANAGEMENT_PORT, or there is none. */
  isForOperators(request: IncomingMessage): boolean {
    return !this.isSeparate || this.requests.has(request);
  }

  /** Makes each port answer 404 for the routes of the other port. Call it before the application listens. */
  separateRoutes(): void {
    if (!this.isSeparate) return;
    this.fastify.addHook('onRequest', (request, reply, done) => {
      const route = request.routeOptions.url ?? '';
      // Both ports have a start page of their own.
      if (request.is404 || route === '/') return done();
      if (MANAGEMENT_ROUTE.test(route) === this.isForOperators(request.raw)) return done();
      reply.callNotFound();
    });
  }

  /** Listens on MANAGEMENT_PORT. Call it after the application listens. */
  async listen(host: string): Promise<void> {
    const { port, server } = this;
    if (port === undefined) return;
    server.on('clientError', answerClientError);
    server.listen(port, host);
    try {
      await once(server, 'listening');
    } catch (error) {
      throw listenErrorOf(error, port, host, 'MANAGEMENT_PORT') ?? error;
    }
    this.logger.log({ event: 'management.listening', port });
  }

  /** Runs after the main port is closed, so that probes get answers until then. */
  onApplicationShutdown(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private get fastify(): FastifyInstance {
    return this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
  }
}
