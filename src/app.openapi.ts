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
answers.`.trim();

export function createOpenApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Terra Connect')
    .setDescription(DESCRIPTION)
    .setVersion(VERSION)
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      description: 'An API key, made with `terra-connect api-key create`.',
    })
    .addTag('Connect sessions', 'Let a person connect a device.')
    .addTag('Connections', 'Which Terra user belongs to which end user.')
    .addTag('End users', 'What belongs to one end user.')
    .addTag('Providers', 'What can be connected.')
    .addTag('Browser', "What a person's browser visits; no key.")
    .addTag('Webhooks', 'What Terra calls; signed.')
    .addTag('Operations', 'For those who run the service; open, keep them inside your network.')
    .build();
  return SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
}

/** The document at `/openapi.json`, and Swagger UI at `/docs`. Made when somebody first asks for it. */
export function serveOpenApi(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => createOpenApiDocument(app), {
    jsonDocumentUrl: 'openapi.json',
    customSiteTitle: 'Terra Connect API',
    swaggerOptions: { persistAuthorization: false, displayRequestDuration: true },
  });
}
