import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeEnvFile } from './env-file';

describe('the file of variables that npm start writes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'terra-connect-env-'));
  const file = join(folder, 'env');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const PRINT = 'process.stdout.write(JSON.stringify([process.env.TERRA_API_KEY, process.env.RETURN_URLS]))';
  const env = { PATH: process.env.PATH };
  const asNode = (): unknown =>
    JSON.parse(
      execFileSync(process.execPath, [`--env-file=${file}`, '-e', PRINT], { env, encoding: 'utf8' }),
    );
  const asShell = (): unknown => {
    const command = `set -a; . ${file}; exec "${process.execPath}" -e '${PRINT}'`;
    return JSON.parse(execFileSync('sh', ['-c', command], { env, encoding: 'utf8' }));
  };

  it.each(['plain', 'a#b $HOME `id` "quoted" back\\slash\\n', "it's", ' '])(
    'gives a shell and Node the same value: %j',
    (value) => {
      writeEnvFile(file, { TERRA_API_KEY: value, RETURN_URLS: 'http://a/,b://' }, {});
      expect(asNode()).toEqual([value, 'http://a/,b://']);
      expect(asShell()).toEqual([value, 'http://a/,b://']);
    },
  );

  it('leaves out a value that a shell and Node would read differently', () => {
    writeEnvFile(file, { TERRA_API_KEY: `it's $HOME`, RETURN_URLS: 'a' }, {});
    expect(asNode()).toEqual([null, 'a']);
    expect(asShell()).toEqual([null, 'a']);
  });

  it('can be read by its owner only, also if an older file could be read by all', () => {
    rmSync(file, { force: true });
    writeFileSync(file, 'old', { mode: 0o644 });
    writeEnvFile(file, {}, { API_KEY: 'tc_secret' });
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('has no variable that .env.example does not document', () => {
    writeEnvFile(file, { HOME: '/root', PATH: '/bin', TERRA_API_KEY: 'x' }, {});
    expect(asNode()).toEqual(['x', null]);
    expect(readFileSync(file, 'utf8')).not.toMatch(/HOME|PATH/);
  });
});
