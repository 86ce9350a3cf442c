import helmet from '@fastify/helmet';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';
import { limitConnections, connectionTimes } from './app.connections';
import { AppModule } from './app.module';
import { ManagementServer } from './app.management';
import { warnOfUntrustedProxy } from './app.proxies';
import { describeRequests } from './app.requests';
import { serveOpenApi } from './app.openapi';
import { endSocketsOnStop } from './app.sockets';
import { REFERENCE_ID_MAX_LENGTH } from './common';
import { secretsOf, toNamespaces, type ConnectionLimits, type Environment } from './config';
import { Drain } from './health';
import { BodyBudget, toProblem } from './http';
import { JsonLogger, Metrics } from './observability';

const JSON_BODY_LIMIT = 1024 * 1024;
// A character of a reference id has up to four bytes, and a path takes three characters (%XX) for each byte.
const MAX_PATH_PARAMETER_LENGTH = REFERENCE_ID_MAX_LENGTH * 4 * 3;

/** Builds the service for `main` and for the tests. It does not listen yet. */
export async function createApp(
  environment: Environment,
  logger: JsonLogger = new JsonLogger(environment.LOG_LEVEL),
): Promise<NestFastifyApplication> {
  logger.hide(secretsOf(environment));
  const { connections } = toNamespaces(environment).app;
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forEnvironment(environment),
    createAdapter(connections, environment.TRUSTED_PROXIES),
    // Nest would add a parser for forms. Fastify parses JSON without Nest.
    { logger, abortOnError: false, bodyParser: false },
  );
  await setUp(app, environment, connections);
  return app;
}

export function createAdapter(connections: ConnectionLimits, trustedProxies: string[] = []): FastifyAdapter {
  const adapter = new FastifyAdapter({
    // Without a trusted proxy, X-Forwarded-For has no effect: any client can send it.
    trustProxy: trustedProxies.length > 0 && trustedProxies,
    bodyLimit: JSON_BODY_LIMIT,
    ...connectionTimes(connections),
    // A request that arrives during the close is served: endSocketsOnStop says when its connection ends.
    return503OnClosing: false,
    // A HEAD request would run the GET handler and use up a callback nonce.
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: MAX_PATH_PARAMETER_LENGTH },
    // A URL that cannot be decoded does not reach Nest's filters.
    frameworkErrors: (error: FastifyError, _request: FastifyRequest, reply: FastifyReply) => {
      const { status, body } = toProblem(error);
      void reply.code(status).type('application/problem+json; charset=utf-8').send(JSON.stringify(body));
    },
  });
  adapter.getInstance().removeContentTypeParser('text/plain');
  return adapter;
}

async function setUp(
  app: NestFastifyApplication,
  { TRUSTED_PROXIES }: Environment,
  connections: ConnectionLimits,
): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  const metrics = app.get(Metrics, { strict: false });
  endSocketsOnStop(fastify, app.get(Drain, { strict: false }).signal);
  limitConnections(fastify, connections, metrics);
  describeRequests(fastify, metrics);
  warnOfUntrustedProxy(fastify, TRUSTED_PROXIES);
  app.get(ManagementServer).separateRoutes();
  meterBodies(fastify, app.get(BodyBudget, { strict: false }), metrics);
  // Swagger UI has inline styles, and loads nothing from other origins.
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
        objectSrc: ["'none'"],
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
  });
  serveOpenApi(app);
}

function meterBodies(fastify: FastifyInstance, budget: BodyBudget, metrics: Metrics): void {
  metrics.beforeScrape(() => Promise.resolve(metrics.requestBodyBytes.set(budget.usedBytes)));
  fastify.addHook('preParsing', (request, reply, body, done) => {
    try {
      done(null, budget.meter(body as Readable, request.headers, reply.raw));
    } catch (error) {
      done(error as Error);
    }
  });
}
