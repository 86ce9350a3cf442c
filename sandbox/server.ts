import Fastify, { type FastifyInstance } from 'fastify';
import { randomUUID } from 'node:crypto';
import { authRoutes } from './api/auth.routes';
import { requireCredentials } from './api/credentials';
import { ApiError, handleError, sendApiError } from './api/errors';
import { applyFaults, resetIfDown } from './api/faults';
import { integrationRoutes } from './api/integrations.routes';
import { userRoutes } from './api/users.routes';
import { currentWidgetSession, legacyWidgetSession } from './api/widget-session.routes';
import { BehaviourError } from './behaviour';
import type { SandboxContext } from './context';
import { controlRoutes } from './control/control.routes';
import { scenarioRoutes } from './control/scenarios.routes';
import { acceptForms } from './pages/forms';
import type { ReceivedRequest } from './sandbox.types';
import { UnknownScenarioError } from './scenarios/scenarios';
import { widgetRoutes } from './widget/widget.routes';

const REQUESTS_KEPT = 1_000;

export function buildServer(context: SandboxContext): FastifyInstance {
  const server = Fastify({ forceCloseConnections: true, routerOptions: { maxParamLength: 300 } });
  acceptForms(server);
  acceptJson(server);
  observe(server, context);
  server.setErrorHandler((error: Error, request, reply) => {
    if (error instanceof BehaviourError)
      return reply.code(400).send({ status: 'error', message: error.message });
    if (error instanceof UnknownScenarioError)
      return reply.code(404).send({ status: 'error', message: error.message });
    return handleError(error, request, reply);
  });
  server.setNotFoundHandler((request, reply) => sendApiError(request, reply, new ApiError(404, 'Not found')));

  currentWidgetSession(server, context);
  // The same API answers on Terra's old host as /v2 and on the new one as /api/v2; only the errors differ.
  for (const prefix of ['/api/v2', '/v2']) {
    server.register(
      (routes, _options, done) => {
        integrationRoutes(routes, context);
        done();
      },
      { prefix },
    );
    server.register(
      (routes, _options, done) => {
        routes.addHook('preHandler', (request, _reply, next) => {
          requireCredentials(context, request);
          next();
        });
        legacyWidgetSession(routes, context);
        authRoutes(routes, context);
        userRoutes(routes, context);
        done();
      },
      { prefix },
    );
  }
  widgetRoutes(server, context);
  controlRoutes(server, context);
  scenarioRoutes(server, context);
  return server;
}

/** An empty body is no error: DELETEs and token calls arrive with a JSON content type and nothing in it. */
function acceptJson(server: FastifyInstance): void {
  server.removeContentTypeParser('application/json');
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? undefined : JSON.parse(String(body)));
    } catch {
      done(new ApiError(400, 'The request body is not valid JSON'));
    }
  });
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
}

/** Remembers what was asked of Terra and applies the switches that make it misbehave. */
function observe(server: FastifyInstance, context: SandboxContext): void {
  const received = new WeakMap<object, ReceivedRequest>();
  server.addHook('onRequest', (request, reply, done) => {
    if (!isTerras(request.url)) return done();
    const entry: ReceivedRequest = {
      at: context.now(),
      method: request.method,
      path: request.url.split('?')[0] ?? '',
      query: request.query as ReceivedRequest['query'],
      headers: request.headers,
      body: undefined,
    };
    received.set(request, entry);
    context.requests.push(entry);
    if (context.requests.length > REQUESTS_KEPT) context.requests.shift();
    void reply.header('terra-reference', randomUUID());
    resetIfDown(context, request, reply);
    return done();
  });
  server.addHook('preHandler', async (request, reply) => {
    const entry = received.get(request);
    if (!entry) return;
    entry.body = request.body;
    if (isApi(request.url) && (await applyFaults(context, request, reply))) return reply;
  });
}

function isApi(url: string): boolean {
  return url.startsWith('/api/') || url.startsWith('/v2/');
}

function isTerras(url: string): boolean {
  return isApi(url) || url.startsWith('/widget/');
}
