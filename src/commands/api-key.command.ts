import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { Command } from 'commander';
import { ApiKey, ApiKeysModule, ApiKeysService, isScope, SCOPES, type Scope } from '../api-keys';
import {
  DATABASE_DEFAULTS,
  RATE_LIMIT_DEFAULTS,
  RateLimitOptions,
  readDatabaseUrl,
  secretsOf,
} from '../config';
import { ClockModule } from '../database';
import { databaseModule } from './database.module';
import { withService } from './with-service';

/** The module of API keys also guards routes, and needs the limits of guesses for that. A command guards none. */
@Global()
@Module({
  providers: [{ provide: RateLimitOptions, useValue: RATE_LIMIT_DEFAULTS }],
  exports: [RateLimitOptions],
})
class UnusedLimitsModule {}

/** Provides only what the commands for API keys need: DATABASE_URL, and no Terra credentials. */
@Module({})
class ApiKeyCommandModule {
  static forDatabase(url: string): DynamicModule {
    return {
      module: ApiKeyCommandModule,
      imports: [
        databaseModule({ url, ...DATABASE_DEFAULTS }, [ApiKey]),
        ClockModule,
        UnusedLimitsModule,
        ApiKeysModule,
      ],
    };
  }
}

export function addApiKeyCommand(program: Command): void {
  const command = program.command('api-key').description('manage the API keys of callers');

  command
    .command('create')
    .description('create a key and print it')
    .requiredOption('--name <name>', 'the service that will use it')
    .requiredOption('--scopes <list>', `comma-separated, of: ${SCOPES.join(', ')}`)
    .action(async ({ name, scopes }: { name: string; scopes: string }) => {
      const list = readScopes(scopes);
      const { id, key } = await withApiKeys((apiKeys) => apiKeys.create(name, list));
      console.log(
        `id:     ${id}\nscopes: ${list.join(', ')}\nkey:    ${key}\nStore the key now: it is not shown again.`,
      );
    });

  command
    .command('list')
    .description('list the keys, without the keys themselves')
    .action(async () => {
      const keys = await withApiKeys((apiKeys) => apiKeys.list());
      console.table(
        keys.map((key) => ({
          id: key.id,
          name: key.name,
          key: key.hint,
          scopes: key.scopes.join(','),
          created: key.createdAt.toISOString(),
          lastUsed: key.lastUsedAt?.toISOString() ?? 'never',
          revoked: key.revokedAt?.toISOString() ?? '',
        })),
      );
    });

  command
    .command('revoke <id>')
    .description('revoke a key; it stops working at once')
    .action(async (id: string) => {
      await withApiKeys((apiKeys) => apiKeys.revoke(id));
      console.log(`revoked ${id}`);
    });
}

function readScopes(text: string): Scope[] {
  const scopes = text.split(',').map((scope) => scope.trim());
  const unknown = scopes.filter((scope) => !isScope(scope));
  if (unknown.length > 0)
    throw new Error(`There is no scope ${unknown.join(', ')}. Scopes: ${SCOPES.join(', ')}.`);
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
