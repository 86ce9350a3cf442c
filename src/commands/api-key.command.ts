import { Global, Module, type DynamicModule } from '@nestjs/common';
import { InvalidArgumentError, type Command } from 'commander';
import { ApiKey, ApiKeysModule, ApiKeysService, isScope, SCOPES, type Scope } from '../api-keys';
import {
  ApiKeyOptions,
  DATABASE_DEFAULTS,
  RATE_LIMIT_DEFAULTS,
  RateLimitOptions,
  readDatabaseUrl,
  secretsOf,
} from '../config';
import { ClockModule } from '../database';
import { databaseModule } from './database.module';
import { printJson, printTable } from './output';
import { withExamples } from './program';
import { withService } from './with-service';

/** The module of API keys also guards routes, and needs limits and a cache for that. A command guards none. */
@Global()
@Module({
  providers: [
    { provide: RateLimitOptions, useValue: RATE_LIMIT_DEFAULTS },
    { provide: ApiKeyOptions, useValue: { cacheSeconds: 0 } },
  ],
  exports: [RateLimitOptions, ApiKeyOptions],
})
class UnusedOptionsModule {}

/** Provides only what the commands for API keys need: DATABASE_URL, and no Terra credentials. */
@Module({})
class ApiKeyCommandModule {
  static forDatabase(url: string): DynamicModule {
    return {
      module: ApiKeyCommandModule,
      imports: [
        databaseModule({ url, ...DATABASE_DEFAULTS }, [ApiKey]),
        ClockModule,
        UnusedOptionsModule,
        ApiKeysModule,
      ],
    };
  }
}

export function addApiKeyCommand(program: Command): void {
  const command = withExamples(
    program.command('api-key').description('manage the API keys of callers'),
    'api-key create --name billing --scopes connections:read',
    'api-key list',
  );

  withExamples(
    command
      .command('create')
      .description('create a key and print it')
      .requiredOption('--name <name>', 'the service that will use it', toName)
      .requiredOption('--scopes <list>', `comma-separated, of: ${SCOPES.join(', ')}`, toScopes)
      .action(async ({ name, scopes }: { name: string; scopes: Scope[] }) => {
        const { id, key } = await withApiKeys((apiKeys) => apiKeys.create(name, scopes));
        console.log(
          `id:     ${id}\nscopes: ${scopes.join(', ')}\nkey:    ${key}\nStore the key now: it is not shown again.`,
        );
      }),
    'api-key create --name billing --scopes connections:read',
    'api-key create --name onboarding --scopes sessions:write,sessions:read',
  );

  withExamples(
    command
      .command('list')
      .description('list the keys, without the keys themselves')
      .option('--json', 'print a JSON list')
      .action(async ({ json }: { json?: boolean }) => {
        const keys = (await withApiKeys((apiKeys) => apiKeys.list())).map(describeKey);
        if (json) printJson(keys);
        else
          printTable(
            keys.map(({ scopes, lastUsedAt, ...key }) => ({
              id: key.id,
              name: key.name,
              key: key.hint,
              scopes: scopes.join(','),
              created: key.createdAt,
              'last used': lastUsedAt ?? 'never',
              revoked: key.revokedAt,
            })),
            'There are no API keys.',
          );
      }),
    'api-key list',
    'api-key list --json',
  );

  withExamples(
    command
      .command('revoke <id>')
      .description('revoke a key; it stops working within API_KEY_CACHE_SECONDS')
      .action(async (id: string) => {
        await withApiKeys((apiKeys) => apiKeys.revoke(id));
        console.log(`revoked ${id}`);
      }),
    'api-key revoke 01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10',
  );
}

function describeKey({ id, name, hint, scopes, createdAt, lastUsedAt, revokedAt }: ApiKey) {
  const times = {
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
  };
  return { id, name, hint, scopes, ...times };
}

function toName(text: string): string {
  const name = text.trim();
  if (!/^\P{Cc}{1,100}$/u.test(name))
    throw new InvalidArgumentError('It must have 1 to 100 characters, and no control character.');
  return name;
}

function toScopes(text: string): Scope[] {
  const scopes = text
    .split(',')
    .map((scope) => scope.trim())
    .filter((scope) => scope !== '');
  const unknown = scopes.filter((scope) => !isScope(scope));
  if (unknown.length > 0)
    throw new InvalidArgumentError(`There is no scope ${unknown.join(', ')}. Scopes: ${SCOPES.join(', ')}.`);
  if (scopes.length === 0)
    throw new InvalidArgumentError(`Name at least one scope. Scopes: ${SCOPES.join(', ')}.`);
  return [...new Set(scopes.filter(isScope))];
}

function withApiKeys<T>(work: (apiKeys: ApiKeysService) => Promise<T>): Promise<T> {
  const url = readDatabaseUrl();
  return withService(
    { module: ApiKeyCommandModule.forDatabase(url), secrets: secretsOf({ DATABASE_URL: url }) },
    ApiKeysService,
    work,
  );
}
