import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Stores the canonical code of each provider that Terra knows by several codes. Without it, the next event about an end
 * user's GOOGLEFIT account would start a second connection, at GOOGLE. It locks only the rows that it changes. The keys of
 * old facts stay: an event that is replayed adds the same fact once more, which changes no connection.
 */
export class OneCodePerProvider1795700300000 implements MigrationInterface {
  name = 'OneCodePerProvider1795700300000';

  async up(runner: QueryRunner): Promise<void> {
    const aliases = ALIASES.map(([alias]) => alias);
    const codes = ALIASES.map(([, code]) => code);
    // One scan of each table: none has an index by provider.
    for (const table of ['connection_facts', 'connection_identities', 'connections'])
      await runner.query(
        `UPDATE terra_connect.${table} SET provider = ($2::text[])[array_position($1::text[], provider)]
          WHERE provider = ANY($1::text[])`,
        [aliases, codes],
      );
    await runner.query(
      `UPDATE terra_connect.connect_sessions SET providers = ARRAY(
          SELECT coalesce(($2::text[])[array_position($1::text[], code)], code)
            FROM unnest(providers) WITH ORDINALITY AS listed (code, place) ORDER BY place)
        WHERE providers && $1::text[]`,
      [aliases, codes],
    );
  }

  // The rows do not say which code Terra used. The earlier version reads the canonical codes, too.
  async down(): Promise<void> {
    // Nothing to do.
  }
}

const ALIASES: [alias: string, code: string][] = [
  ['APPLE_HEALTH', 'APPLE'],
  ['APPLEHEALTH', 'APPLE'],
  ['APPLE_HEALTHKIT', 'APPLE'],
  ['HEALTHKIT', 'APPLE'],
  ['GOOGLEFIT', 'GOOGLE'],
  ['GOOGLE_FIT', 'GOOGLE'],
  ['GOOGLEHEALTH', 'GOOGLE_HEALTH'],
  ['HEALTHCONNECT', 'HEALTH_CONNECT'],
  ['GOOGLE_HEALTH_CONNECT', 'HEALTH_CONNECT'],
  ['ANDROID_HEALTH_CONNECT', 'HEALTH_CONNECT'],
  ['SAMSUNG_HEALTH', 'SAMSUNG'],
  ['SAMSUNGHEALTH', 'SAMSUNG'],
];
