import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createAdapter } from './app.adapter';
import { meterBodies, readBodies } from './app.bodies';
import { limitConnections } from './app.connections';
import { serveAsyncApi } from './app.asyncapi';
import { AppModule } from './app.module';
import { ManagementServer } from './app.management';
import { serveOpenApi } from './app.openapi';
import { warnOfUntrustedProxy } from './app.proxies';
import { describeRequests } from './app.requests';
import { setSecurityHeaders } from './app.security-headers';
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
  setUp(app, environment, connections);
  return app;
}

function setUp(
  app: NestFastifyApplication,
  { PUBLIC_URL, TRUSTED_PROXIES }: Environment,
  connections: ConnectionLimits,
): void {
  const fastify = app.getHttpAdapter().getInstance();
  const metrics = app.get(Metrics, { strict: false });
  endSocketsOnStop(fastify, app.get(Drain, { strict: false }).signal);
  limitConnections(fastify, connections, metrics);
  describeRequests(fastify, metrics);
  readBodies(fastify);
  warnOfUntrustedProxy(fastify, TRUSTED_PROXIES);
  app.get(ManagementServer).separateRoutes();
  meterBodies(fastify, app.get(BodyBudget, { strict: false }), metrics);
  setSecurityHeaders(fastify);
  serveOpenApi(app, PUBLIC_URL);
  serveAsyncApi(app);
}
