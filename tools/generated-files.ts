import { join } from 'node:path';
import { Client } from 'pg';
import { withMigratedDatabase } from './migrated-database';
import { asyncApiDocument, openApiDocument } from './openapi-document';
import { dumpSchema } from './schema-dump';

export interface GeneratedFile {
  name: string;
  path: string;
  /** The npm command that regenerates the file. */
  script: string;
  generate: () => Promise<string>;
}

// This file runs from dist/tools.
const root = join(__dirname, '..', '..');

/** Files that the code generates and that are committed: engineers review them, and other programs read them. */
export const GENERATED_FILES: GeneratedFile[] = [
  {
    name: 'openapi.json',
    path: join(root, 'openapi.json'),
    script: 'npm run openapi:dump',
    generate: openApiDocument,
  },
  {
    name: 'asyncapi.json',
    path: join(root, 'asyncapi.json'),
    script: 'npm run asyncapi:dump',
    generate: asyncApiDocument,
  },
  {
    name: 'schema.sql',
    path: join(root, 'schema.sql'),
    script: 'npm run db:dump',
    generate: () => withMigratedDatabase(schemaOf),
  },
];

async function schemaOf(url: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await dumpSchema(client);
  } finally {
    await client.end();
  }
}
