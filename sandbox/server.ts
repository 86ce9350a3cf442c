import Fastify, { type FastifyInstance, type FastifyPluginCallback } from 'fastify';
import { randomUUID } from 'node:crypto';
import { authRoutes } from './api/auth.routes';
import { requireCredentials } from './api/credentials';
import { ApiError, handleError, sendApiError } from './api/errors';
import { applyFaults, resetIfDown } from './api/faults';
import { integrationRoutes } from './api/integrations.routes';
import { userRoutes } from './api/users.routes';
import { currentWidgetSessionRoute, legacyWidgetSessionRoute } from './api/widget-session.routes';
import { InvalidRequestError } from './behaviour';
import type { SandboxContext } from './context';
import { controlRoutes } from './control/control.routes';
import { payloadRoutes } from './data/payload-store';
import { acceptForms } from './pages/request-fields';
import type { ReceivedRequest } from './sandbox.types';
import { UnknownScenarioError } from './scenarios/scenarios';
import { widgetRoutes } from './widget/widget.routes';

const MAX_REQUESTS = 1_000;

/** The HTTP server with Terra's API and widget, and with the sandbox's own control page and API. */
export function buildServer(context: SandboxContext): FastifyInstance {
  const server = Fastify({ forceCloseConnections: true, routerOptions: { maxParamLength: 300 } });
  acceptForms(server);
  acceptJson(server);
  hookTerraRequests(server, context);
  server.setErrorHandler((error: Error, request, reply) => {
    if (error instanceof InvalidRequestError)
      return reply.code(400).send({ status: 'error', message: error.message });
    if (error instanceof UnknownScenarioError)
      return reply.code(404).send({ status: 'error', message: error.message });
    return handleError(error, request, reply);
  });
  server.setNotFoundHandler((request, reply) => sendApiError(request, reply, new ApiError(404, 'Not found')));

  currentWidgetSessionRoute(server, context);
  // The same API answers on Terra's old host as /v2 and on the new one as /api/v2; only the errors differ.
  for (const prefix of ['/api/v2', '/v2']) {
    const openRoutes = named('open routes', (routes, _options, done) => {
      integrationRoutes(routes, context);
      done();
    });
    const guardedRoutes = named('guarded routes', (routes, _options, done) => {
      routes.addHook('preHandler', (request, _reply, next) => {
        requireCredentials(context, request);
        next();
      });
      legacyWidgetSessionRoute(routes, context);
      authRoutes(routes, context);
      userRoutes(routes, context);
      done();
    });
    server.register(openRoutes, { prefix });
    server.register(guardedRoutes, { prefix });
  }
  widgetRoutes(server, context);
  payloadRoutes(server, context.payloads);
  controlRoutes(server, context);
  return server;
}

/** Names a plugin. For a plugin without a name, Fastify searches all loaded modules: a third of the start under jest. */
function named(name: string, plugin: FastifyPluginCallback): FastifyPluginCallback {
  return Object.assign(plugin, { [Symbol.for('fastify.display-name')]: name });
}

/** Accepts an empty JSON body: DELETE and token calls send a JSON content type without a body. */
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

/** Records each request to Terra's API and widget, and applies the switches that make Terra fail. */
function hookTerraRequests(server: FastifyInstance, context: SandboxContext): void {
  const received = new WeakMap<object, ReceivedRequest>();
  server.addHook('onRequest', (request, reply, done) => {
    if (!isTerraUrl(request.url)) return done();
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
    if (context.requests.length > MAX_REQUESTS) context.requests.shift();
    void reply.header('terra-reference', randomUUID());
    resetIfDown(context, request, reply);
    return done();
  });
  server.addHook('preHandler', async (request, reply) => {
    const entry = received.get(request);
    if (!entry) return;
    entry.body = request.body;
    if (isApiUrl(request.url) && (await applyFaults(context, request, reply))) return reply;
  });
}

function isApiUrl(url: string): boolean {
  return url.startsWith('/api/') || url.startsWith('/v2/');
}

function isTerraUrl(url: string): boolean {
  return isApiUrl(url) || url.startsWith('/widget/');
}
