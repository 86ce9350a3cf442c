import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { VERSION } from './version';

const DESCRIPTION = `
Connects your end users' wearables through Terra, and knows which Terra user belongs to which of your users.

1. \`POST /v1/connect-sessions\` with your id of the end user; send the person's browser to \`connectUrl\`.
2. The person authorises a provider in Terra's widget and comes back to your \`returnUrl\` with \`session_id\` and \`status\`.
3. \`GET /v1/connections?referenceId=…\` tells which Terra users are theirs, now and from then on.

Callers authenticate with an API key (\`Authorization: Bearer …\`); each route names the scope that it needs in
\`x-required-scope\`, and a key with \`admin\` may do everything. Errors are RFC 9457 problems: decide by \`code\`.
Ids are time-ordered UUIDs, times are RFC 3339 in UTC. Unknown fields of a request are refused; expect new fields in
answers.

Answers have an \`X-Request-Id\`: quote it when something went wrong. It is the one that you sent, if that has 8 to 64
letters, digits, \`_\`, \`.\` or \`-\`.`.trim();

type PathItem = OpenAPIObject['paths'][string];
type Operation = NonNullable<PathItem['get']>;

const HEADERS_OF_STATUS: Record<string, string[]> = {
  302: ['Location'],
  303: ['Location'],
  401: ['WWW-Authenticate'],
  409: ['Retry-After'],
  503: ['Retry-After'],
};
const HEADERS = {
  Location: {
    description: 'Where the browser goes.',
    schema: { type: 'string', format: 'uri' },
  },
  'Retry-After': {
    description: 'After how many seconds to try again.',
    schema: { type: 'integer', minimum: 0, example: 5 },
  },
  'WWW-Authenticate': {
    description: 'How to authenticate: `Bearer` with an API key; on the webhook route `Terra-Signature`.',
    schema: { type: 'string', example: 'Bearer' },
  },
  'X-Request-Id': {
    description: 'Names the request in our log.',
    schema: { type: 'string', example: '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10' },
  },
};

export function createOpenApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Terra Connect')
    .setDescription(DESCRIPTION)
    .setVersion(VERSION)
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'API key',
      description: 'An API key, made with `terra-connect api-key create`.',
    })
    .addTag('Connect sessions', 'Let a person connect a device.')
    .addTag('Connections', 'Which Terra user belongs to which end user.')
    .addTag('End users', 'What belongs to one end user.')
    .addTag('Sweeps', "Comparing all of Terra's users with what is held here.")
    .addTag('Providers', 'What can be connected.')
    .addTag('Browser', "What a person's browser visits; no key.")
    .addTag('Webhooks', 'What Terra calls; signed.')
    .addTag('Webhook events', 'What Terra has sent and what came of it, for admins.')
    .addTag('Operations', 'For those who run the service; open, keep them inside your network.')
    .build();
  config.components = { ...config.components, headers: HEADERS };
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  addHeaders(document);
  return document;
}

// The routes would all say the same of them: which ones an answer has follows from its status.
function addHeaders(document: OpenAPIObject): void {
  for (const { responses } of Object.values(document.paths).flatMap(operationsOf)) {
    for (const [status, response] of Object.entries(responses)) {
      const names = [...(HEADERS_OF_STATUS[status] ?? []), 'X-Request-Id'];
      const headers = Object.fromEntries(
        names.map((name) => [name, { $ref: `#/components/headers/${name}` }]),
      );
      if (response) Object.assign(response, { headers });
    }
  }
}

function operationsOf({ get, post, put, patch, delete: remove }: PathItem): Operation[] {
  return [get, post, put, patch, remove].filter((operation) => operation !== undefined);
}

/** The document at `/openapi.json`, and Swagger UI at `/docs`. Made when somebody first asks for it. */
export function serveOpenApi(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => createOpenApiDocument(app), {
    jsonDocumentUrl: 'openapi.json',
    customSiteTitle: 'Terra Connect API',
    swaggerOptions: { persistAuthorization: false, displayRequestDuration: true, showExtensions: true },
  });
}
