import { NestFactory } from '@nestjs/core';
import type { INestApplication } from '@nestjs/common';
import { createAsyncApiDocument } from '../src/app.asyncapi';
import { AppModule } from '../src/app.module';
import { createOpenApiDocument } from '../src/app.openapi';
import { createAdapter } from '../src/app.adapter';
import { readEnvironment, toNamespaces } from '../src/config';

// The application module requires these values, but the document does not depend on them.
const ENVIRONMENT = readEnvironment({
  PUBLIC_URL: 'http://localhost:3000',
  DATABASE_URL: 'postgres://not-used@localhost/not-used',
  TERRA_DEV_ID: 'not-used',
  TERRA_API_KEY: 'not-used',
  TERRA_SIGNING_SECRETS: 'not-used',
});

/** The text of openapi.json. */
export function openApiDocument(): Promise<string> {
  return withPreview((app) => {
    const document = createOpenApiDocument(app);
    // Sort by name. Otherwise, a moved module would look like a change of the API.
    document.paths = sortedByName(document.paths);
    if (document.components?.schemas) document.components.schemas = sortedByName(document.components.schemas);
    return document;
  });
}

/** The text of asyncapi.json. */
export function asyncApiDocument(): Promise<string> {
  return withPreview(createAsyncApiDocument);
}

/** In preview mode, Nest builds no provider, so this needs no database, Terra or port. */
async function withPreview(create: (app: INestApplication) => object): Promise<string> {
  const app = await NestFactory.create(
    AppModule.forEnvironment(ENVIRONMENT),
    createAdapter(toNamespaces(ENVIRONMENT).app.connections),
    {
      preview: true,
      abortOnError: false,
      logger: ['error', 'fatal'],
    },
  );
  try {
    return `${JSON.stringify(create(app), null, 2)}\n`;
  } finally {
    await app.close();
  }
}

function sortedByName<T>(object: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
