import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMPLETE_ENVIRONMENT as complete, problemsOf } from '../../test/support/environment';
import { readDatabaseUrl, readDiagnosisEnvironment, readEnvironment, readMigrationUrl } from './environment';

describe('the environment', () => {
  it.each([
    [
      'a raw # in the password',
      'postgres://user:pass-7c1#@db/terra',
      /^DATABASE_URL cannot be read: .*# as %23/,
    ],
    ['a raw / in the password', 'postgres://user:pass-7c1/@db/terra', /^DATABASE_URL cannot be read/],
    ['a raw ? in the password', 'postgres://user:pass-7c1?@db/terra', /^DATABASE_URL cannot be read/],
    ['a raw % in the password', 'postgres://user:pass-7c1%@db/terra', /^DATABASE_URL cannot be read/],
    [
      'an unknown sslmode',
      'postgres://db/terra?sslmode=pass-7c1',
      /sslmode that is not one of disable, require/,
    ],
    ['sslmode=prefer', 'postgres://user:pass-7c1@db/terra?sslmode=prefer', /sslmode that is not one of/],
    ['verify-ca alone', 'postgres://user:pass-7c1@db/terra?sslmode=verify-ca', /needs sslrootcert/],
    [
      'a missing file',
      'postgres://db/terra?sslmode=verify-ca&sslrootcert=/pass-7c1',
      /as sslrootcert that cannot/,
    ],
    [
      'a certificate without key',
      `postgres://user:pass-7c1@db/x?sslcert=${__filename}`,
      /both sslcert and sslkey/,
    ],
  ])('rejects a database URL with %s, says what to do, and does not print it', (_, url, problem) => {
    for (const name of ['DATABASE_URL', 'DATABASE_MIGRATION_URL']) {
      const [found, ...others] = problemsOf({ ...complete, [name]: url });
      expect(others).toEqual([]);
      expect(found?.replace(name, 'DATABASE_URL')).toMatch(problem);
      expect(found).not.toContain('pass-7c1');
    }
    expect(() => readDatabaseUrl({ DATABASE_URL: url })).toThrow('DATABASE_URL ');
    expect(() => readMigrationUrl({ DATABASE_URL: url })).toThrow('DATABASE_URL ');
  });

  it.each([
    'postgres:///terra?host=/run/postgresql',
    'postgres://user:pass%23%40@/terra?host=/run/postgresql',
    'postgresql://user:a@b@db:5432/terra',
    'postgres://[::1]:5432/terra?application_name=x',
  ])('accepts the database URL %s', (url) => {
    expect(readEnvironment({ ...complete, DATABASE_URL: url }).DATABASE_URL).toBe(url);
  });

  it('gives sslmode the meaning of the documentation of Postgres, unless the URL chooses for itself', () => {
    const read = (query: string): string => readDatabaseUrl({ DATABASE_URL: `postgres://db/terra?${query}` });
    expect(read('sslmode=require')).toBe('postgres://db/terra?sslmode=require&uselibpqcompat=true');
    expect(read('sslmode=no-verify')).toBe('postgres://db/terra?sslmode=no-verify');
    expect(read('uselibpqcompat=false&sslmode=require')).not.toContain('uselibpqcompat=true');
  });

  it('has a database URL for migrations, which only the migration uses', () => {
    const both = { DATABASE_URL: 'postgres://pooler/terra', DATABASE_MIGRATION_URL: 'postgres://db/terra' };
    expect(readMigrationUrl(both)).toBe('postgres://db/terra');
    expect(readMigrationUrl({ ...both, DATABASE_MIGRATION_URL: ' ' })).toBe('postgres://pooler/terra');
    expect(readDatabaseUrl(both)).toBe('postgres://pooler/terra');
    expect(readMigrationUrl({ DATABASE_MIGRATION_URL: 'postgres://db/terra' })).toBe('postgres://db/terra');
  });

  describe('with secrets in files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'terra-connect-secrets-'));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    const fileWith = (content: string): string => {
      const path = join(folder, randomUUID());
      writeFileSync(path, content);
      return path;
    };
    const { PUBLIC_URL, ...secrets } = complete;
    const inFiles = Object.fromEntries(
      Object.entries({ ...secrets, BOOTSTRAP_API_KEY: 'tc_bootstrap_0123456789' }).map(([name, value]) => [
        `${name}_FILE`,
        fileWith(`${value}\n`),
      ]),
    );

    it('reads each secret from its file, without the line break at its end', () => {
      expect(readEnvironment({ PUBLIC_URL, ...inFiles })).toEqual(
        readEnvironment({ ...complete, BOOTSTRAP_API_KEY: 'tc_bootstrap_0123456789' }),
      );
      expect(readDatabaseUrl(inFiles)).toBe(complete.DATABASE_URL);
      expect(readMigrationUrl({ DATABASE_MIGRATION_URL_FILE: fileWith('postgres://db/terra\r\n') })).toBe(
        'postgres://db/terra',
      );
      expect(readDiagnosisEnvironment(inFiles)).toMatchObject({
        hasTerra: true,
        environment: { TERRA_API_KEY: complete.TERRA_API_KEY },
      });
    });

    it('rejects a variable that is set twice, and a file that is missing, empty or a folder', () => {
      const read = (name: string, path: string): string[] =>
        problemsOf({ PUBLIC_URL, ...inFiles, [`${name}_FILE`]: path });
      expect(problemsOf({ PUBLIC_URL, ...inFiles, TERRA_API_KEY: 'key-5b2e' })).toEqual([
        'TERRA_API_KEY and TERRA_API_KEY_FILE are both set: remove one of them',
      ]);
      expect(read('TERRA_API_KEY', join(folder, 'pass-7c1'))).toEqual([
        'TERRA_API_KEY_FILE names a file that cannot be read (ENOENT): check its path and its permissions',
      ]);
      expect(read('DATABASE_URL', fileWith(' \n'))).toEqual([
        'DATABASE_URL_FILE names an empty file: write the secret into it',
      ]);
      expect(read('BOOTSTRAP_API_KEY', folder)).toEqual([expect.stringContaining('(EISDIR)')]);
      expect(() => readDatabaseUrl({ DATABASE_URL_FILE: join(folder, 'none') })).toThrow('DATABASE_URL_FILE');
    });

    it('treats an empty name of a file as not set', () => {
      expect(problemsOf({ ...complete, TERRA_API_KEY_FILE: '' })).toEqual([]);
    });
  });
});
