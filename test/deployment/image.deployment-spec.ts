import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { DIST_FOLDER } from '../../local/node-program';
import { ServiceProcess } from '../stage/service-process';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { findDebianProgram } from './support/debian-program';
import { DOCKER_COMPOSE } from './support/docker-compose';

const repository = join(__dirname, '..', '..');
const read = (name: string): string => readFileSync(join(repository, name), 'utf8');
const run = promisify(execFile);

/** The largest size of the image's node_modules, in bytes. Without the removals, it is 95 MB. */
const MAX_MODULES_SIZE = 40e6;

/** Does what one stage of the Dockerfile does, in a folder: its COPY and RUN lines. A backslash continues a line. */
function buildStage(stage: string, folder: string): void {
  const lines = read('Dockerfile').replaceAll('\\\n', ' ').split('\n');
  const start = lines.findIndex((line) => line.startsWith('FROM ') && line.endsWith(` AS ${stage}`));
  const end = lines.findIndex((line, index) => index > start && line.startsWith('FROM '));
  for (const line of lines.slice(start, end)) {
    const [instruction, ...words] = line.split(' ');
    if (instruction === 'COPY') {
      const target = join(folder, words.pop() ?? '.');
      for (const file of words) cpSync(join(repository, file), join(target, basename(file)));
    } else if (instruction === 'RUN') {
      execFileSync('sh', ['-c', words.join(' ')], { cwd: folder });
    }
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('The image', () => {
  let app: string;
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    app = mkdtempSync(join(tmpdir(), 'image-'));
    buildStage('production-dependencies', app);
    for (const folder of ['src', 'migrations']) {
      cpSync(join(DIST_FOLDER, folder), join(app, 'dist', folder), { recursive: true });
    }
  });
  afterAll(async () => {
    rmSync(app, { recursive: true, force: true });
    await database.drop();
  });

  it('has no modules that production does not load', () => {
    const size = filesBelow(join(app, 'node_modules')).reduce((sum, file) => sum + statSync(file).size, 0);
    expect(size).toBeLessThan(MAX_MODULES_SIZE);
  });

  it('runs with these modules, and its health check tells whether the process answers', async () => {
    const service = await ServiceProcess.start({
      databaseUrl: database.url,
      logFile: join(app, 'service.log'),
      script: join(app, 'dist', 'src', 'main.js'),
    });
    const healthCheck = async (environment: Record<string, string>): Promise<boolean> => {
      const [command = '', ...args] =
        /^HEALTHCHECK .*CMD (\[.*\])$/m
          .exec(read('Dockerfile'))
          ?.slice(1)
          .flatMap((list) => JSON.parse(list) as string[]) ?? [];
      try {
        await run(command, args, { cwd: repository, env: { PATH: process.env.PATH, ...environment } });
        return true;
      } catch {
        return false;
      }
    };
    const { port } = new URL(service.url);
    try {
      expect((await fetch(`${service.url}/docs`)).status).toBe(200);
      expect(await healthCheck({ PORT: port })).toBe(true);
      expect(await healthCheck({ PORT: port, LISTEN_ADDRESS: '::' })).toBe(true);
      expect(await healthCheck({ PORT: '1', MANAGEMENT_PORT: port, LISTEN_ADDRESS: '127.0.0.1' })).toBe(true);
      // The process is there, but does not answer.
      process.kill(service.program.pid, 'SIGSTOP');
      expect(await healthCheck({ PORT: port })).toBe(false);
    } finally {
      await service.program.kill();
    }
    expect(await healthCheck({ PORT: port })).toBe(false);
  });

  it('is built from exact versions, and so is the database of docker-compose.yml', () => {
    const stages = new Set([...read('Dockerfile').matchAll(/ AS (\S+)$/gm)].map(([, name]) => name));
    const bases = [...read('Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, name]) => name);
    const images = [...read('docker-compose.yml').matchAll(/^ {4}image: (\S+)$/gm)].map(([, name]) => name);
    const pulled = [...bases, ...images].filter((name) => !stages.has(name) && name !== 'terra-connect');
    expect(pulled).toEqual([
      expect.stringMatching(/^node:\d+\.\d+\.\d+-\w+-slim$/),
      expect.stringMatching(/^postgres:\d+\.\d+$/),
    ]);
  });
});

describe('docker-compose.yml', () => {
  it('is a file that compose 1 accepts', async () => {
    const file = join(repository, 'docker-compose.yml');
    await run(findDebianProgram(DOCKER_COMPOSE), ['-f', file, 'config', '--quiet']);
  });
});
