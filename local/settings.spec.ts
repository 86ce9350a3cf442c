import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSecretFiles, readSettings } from './settings';

describe('npm start', () => {
  const original = process.env;
  const folder = mkdtempSync(join(tmpdir(), 'terra-connect-settings-'));
  afterEach(() => (process.env = original));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('reads secrets from files, and passes them on as variables', () => {
    const file = join(folder, 'url');
    writeFileSync(file, 'postgres://db/terra\n');
    process.env = { DATABASE_URL_FILE: file };
    loadSecretFiles();
    expect(process.env).toEqual({ DATABASE_URL: 'postgres://db/terra' });
    expect(readSettings(process.env).databaseUrl).toBe('postgres://db/terra');
  });

  it('says which file cannot be read', () => {
    process.env = { TERRA_API_KEY_FILE: join(folder, 'missing') };
    expect(loadSecretFiles).toThrow('TERRA_API_KEY_FILE names a file that cannot be read (ENOENT)');
  });
});
