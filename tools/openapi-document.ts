import { NestFactory } from '@nestjs/core';
import { AppModule } from '../src/app.module';
import { createOpenApiDocument } from '../src/app.openapi';
import { createAdapter } from '../src/app.setup';
import { readEnvironment } from '../src/config';

// The description does not depend on them, but the service refuses to be built without.
const ENVIRONMENT = readEnvironment({
  PUBLIC_URL: 'http://localhost:3000',
  DATABASE_URL: 'postgres://nobody@localhost/nothing',
  TERRA_DEV_ID: 'not-used',
  TERRA_API_KEY: 'not-used',
  TERRA_SIGNING_SECRETS: 'not-used',
});

/** The text of openapi.json. The service is described, not started: no database, no Terra, nothing listens. */
export async function openApiDocument(): Promise<string> {
  const app = await NestFactory.create(AppModule.forEnvironment(ENVIRONMENT), createAdapter(), {
    preview: true,
    abortOnError: false,
    logger: ['error', 'fatal'],
  });
  try {
    const document = createOpenApiDocument(app);
    // In the order of the code a moved module would look like a changed API.
    document.paths = sortedByName(document.paths);
    if (document.components?.schemas) document.components.schemas = sortedByName(document.components.schemas);
    return `${JSON.stringify(document, null, 2)}\n`;
  } finally {
    await app.close();
  }
}

function sortedByName<T>(object: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
