import helmet from '@fastify/helmet';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createAdapter } from './app.adapter';
import { meterBodies, readBodies } from './app.bodies';
import { limitConnections } from './app.connections';
import { AppModule } from './app.module';
import { ManagementServer } from './app.management';
import { serveOpenApi } from './app.openapi';
import { warnOfUntrustedProxy } from './app.proxies';
import { describeRequests } from './app.requests';
import { endSocketsOnStop } from './app.sockets';
import { secretsOf, toNamespaces, type ConnectionLimits, type Environment } from './config';
import { Drain } from './health';
import { BodyBudget } from './http';
import { JsonLogger, Metrics } from './observability';

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
    // Nest would add a parser for forms, and one for JSON that accepts bytes that are not UTF-8.
    { logger, abortOnError: false, bodyParser: false },
  );
  await setUp(app, environment, connections);
  return app;
}

async function setUp(
  app: NestFastifyApplication,
  { PUBLIC_URL, TRUSTED_PROXIES }: Environment,
  connections: ConnectionLimits,
): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  const metrics = app.get(Metrics, { strict: false });
  endSocketsOnStop(fastify, app.get(Drain, { strict: false }).signal);
  limitConnections(fastify, connections, metrics);
  describeRequests(fastify, metrics);
  readBodies(fastify);
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
    // Would cut a popup at /connect off the page that opened it, so that this page cannot see it close.
    crossOriginOpenerPolicy: false,
    // HSTS is for the proxy that speaks TLS: it would also bind other services under the same host name.
    strictTransportSecurity: false,
  });
  serveOpenApi(app, PUBLIC_URL);
}
