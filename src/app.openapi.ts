import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { FRAMEWORK_PROBLEM_CODES } from './http';
import { VERSION } from './version';

const DESCRIPTION = `
Terra Connect connects your end users' wearables through Terra. It records which Terra user belongs to which end user.

1. Call \`POST /v1/connect-sessions\` with your id of the end user. Send the end user's browser to \`connectUrl\`.
2. The end user authorises a provider in Terra's widget. The browser returns to your \`returnUrl\` with \`session_id\`
   and \`status\`.
3. Call \`GET /v1/connections?referenceId=…\` to read the end user's connections, now and at any later time.

Authenticate with an API key (\`Authorization: Bearer …\`). Each route names the scope that it needs in
\`x-required-scope\`. A key with the scope \`admin\` may call every route.

Errors are RFC 9457 problems: decide by \`code\`. Ids are time-ordered UUIDs. Times are RFC 3339 in UTC. The service
rejects unknown fields in a request. Expect new fields in a response.

Routes with \`x-rate-limited\` count against the quota of your API key, and tell what is left of it in \`RateLimit\`.

Every response has an \`X-Request-Id\`: quote it when you report a problem. To choose the id yourself, send this header
with 8 to 64 letters, digits, \`_\`, \`.\` or \`-\`.`.trim();

type PathItem = OpenAPIObject['paths'][string];
type Operation = NonNullable<PathItem['get']>;

const RATE_LIMIT_HEADERS = ['RateLimit', 'RateLimit-Policy'];
const HEADERS_OF_STATUS: Record<string, string[]> = {
  302: ['Location'],
  303: ['Location'],
  401: ['WWW-Authenticate'],
  409: ['Retry-After'],
  429: ['Retry-After', ...RATE_LIMIT_HEADERS],
  503: ['Retry-After'],
  504: ['Retry-After'],
};
const HEADERS = {
  Location: {
    description: 'Where the browser goes next.',
    required: true,
    schema: { type: 'string', format: 'uri' },
  },
  RateLimit: {
    description:
      'What is left of the quota (`r`), and the seconds until the whole quota is available again (`t`).',
    schema: { type: 'string', example: '"client";r=0;t=60' },
  },
  'RateLimit-Policy': {
    description: 'The quota (`q`) for a window of `w` seconds.',
    schema: { type: 'string', example: '"client";q=600;w=60' },
  },
  'Retry-After': {
    description: 'Seconds to wait before you try again.',
    schema: { type: 'integer', minimum: 0, example: 5 },
  },
  'WWW-Authenticate': {
    description: 'How to authenticate: `Bearer` with an API key, or `Terra-Signature` on the webhook route.',
    required: true,
    schema: { type: 'string', example: 'Bearer' },
  },
  'X-Request-Id': {
    description: 'Id of the request in the log of the service.',
    required: true,
    schema: { type: 'string', example: '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10' },
  },
};

export function createOpenApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Terra Connect')
    .setDescription(DESCRIPTION)
    .setVersion(VERSION)
    .addServer('/', 'The service that serves this document.')
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'API key',
      description: 'An API key. Create one with `terra-connect api-key create`.',
    })
    .addTag('Connect sessions', 'Let an end user connect a wearable.')
    .addTag('Connections', 'Read which Terra user belongs to which end user, and disconnect accounts.')
    .addTag('Events', 'Read what happens to connections, connect sessions and end users.')
    .addTag('Webhook endpoints', 'Let the service send events to your services, signed and repeated.')
    .addTag('End users', 'Reconcile, diagnose, export or erase one end user.')
    .addTag('Sweeps', "Compare all of Terra's users with the connections of this service.")
    .addTag('Providers', 'Read which providers your end users can connect.')
    .addTag('Browser', "Routes that the end user's browser visits. They need no API key.")
    .addTag('Webhooks', 'The route that Terra calls. Terra signs each request.')
    .addTag('Webhook events', 'Read and replay the events that Terra has sent. For operators.')
    .addTag(
      'Operations',
      'Health and metrics for operators. These routes need no API key: keep them inside your network.',
    )
    .build();
  config.components = { ...config.components, headers: HEADERS };
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  addHeaders(document);
  listProblemCodes(document);
  for (const operation of Object.values(document.paths).flatMap(operationsOf)) operation.security ??= [];
  return document;
}

// The status of a response and the limit of its route decide its headers, so no route documents them.
function addHeaders(document: OpenAPIObject): void {
  for (const operation of Object.values(document.paths).flatMap(operationsOf)) {
    const ofRoute = 'x-rate-limited' in operation ? RATE_LIMIT_HEADERS : [];
    for (const [status, response] of Object.entries(operation.responses)) {
      const names = [...new Set([...(HEADERS_OF_STATUS[status] ?? []), ...ofRoute, 'X-Request-Id'])];
      const headers = Object.fromEntries(
        names.map((name) => [name, { $ref: `#/components/headers/${name}` }]),
      );
      if (response) Object.assign(response, { headers });
    }
  }
}

// Each route documents its codes, so no list of all codes needs to be kept up to date.
function listProblemCodes({ paths, components }: OpenAPIObject): void {
  const documented = Object.values(paths)
    .flatMap(operationsOf)
    .flatMap(({ responses }) => Object.values(responses))
    .flatMap((response) => (response && 'content' in response ? Object.values(response.content ?? {}) : []))
    .flatMap(({ examples }) => Object.keys(examples ?? {}));
  const codes = [...new Set([...documented, ...FRAMEWORK_PROBLEM_CODES])].sort();
  const { ProblemDto: problem } = components?.schemas ?? {};
  if (problem && 'properties' in problem) Object.assign(problem.properties?.code ?? {}, { enum: codes });
}

function operationsOf({ get, post, put, patch, delete: remove }: PathItem): Operation[] {
  return [get, post, put, patch, remove].filter((operation) => operation !== undefined);
}

// Swagger UI has tables that are wider than a phone. The document has no links, so their column is empty.
const PHONE_CSS = `
.swagger-ui .response-col_links { display: none; }
@media (max-width: 640px) {
  .swagger-ui { overflow-wrap: anywhere; }
  .swagger-ui :is(.responses-table, .parameters) > thead { display: none; }
  .swagger-ui table:is(.responses-table, .parameters),
  .swagger-ui :is(.responses-table, .parameters) > tbody,
  .swagger-ui :is(.responses-table, .parameters) > tbody > tr,
  .swagger-ui :is(.responses-table, .parameters) > tbody > tr > td:not(.response-col_links) {
    display: block; width: auto; min-width: 0; max-width: 100%; padding-left: 0;
  }
  .swagger-ui :is(input, select, textarea) { min-width: 0; max-width: 100%; }
}`;

/**
 * Serves the document at `/openapi.json` and Swagger UI at `/docs`. The first request builds the document. It names the
 * public URL: behind a proxy that serves the service below a path, `/v1/…` alone would be a wrong address.
 */
export function serveOpenApi(app: INestApplication, publicUrl: string): void {
  const createDocument = (): OpenAPIObject => ({
    ...createOpenApiDocument(app),
    servers: [{ url: publicUrl }],
  });
  SwaggerModule.setup('docs', app, createDocument, {
    jsonDocumentUrl: 'openapi.json',
    customSiteTitle: 'Terra Connect API',
    customCss: PHONE_CSS,
    swaggerOptions: { persistAuthorization: true, displayRequestDuration: true, showExtensions: true },
  });
}
