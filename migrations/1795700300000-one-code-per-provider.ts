import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Stores the canonical code of each provider that Terra knows by several codes. Without it, the next event about an end
 * user's GOOGLEFIT account would start a second connection, at GOOGLE. It locks only the rows that it changes. The keys of
 * old facts stay: an event that is replayed adds the same fact once more, which changes no connection.
 */
export class OneCodePerProvider1795700300000 implements MigrationInterface {
  name = 'OneCodePerProvider1795700300000';

  async up(runner: QueryRunner): Promise<void> {
    for (const [alias, code] of ALIASES) {
      for (const table of ['connection_facts', 'connection_identities', 'connections'])
        await runner.query(`UPDATE terra_connect.${table} SET provider = $2 WHERE provider = $1`, [
          alias,
          code,
        ]);
      await runner.query(
        `UPDATE terra_connect.connect_sessions SET providers = array_replace(providers, $1, $2)
          WHERE providers @> ARRAY[$1::text]`,
        [alias, code],
      );
    }
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
