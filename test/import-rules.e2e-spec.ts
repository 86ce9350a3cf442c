import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const repository = join(__dirname, '..');
const CRUISER = join(repository, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
const FOLDERS = ['src', 'migrations', 'sandbox', 'test'];

/** Runs a program and returns what it printed, whatever its exit code. */
function run(args: string[], { cwd, input = '' }: { cwd: string; input?: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      args,
      { cwd, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => (stdout ? resolve(stdout) : reject(new Error(stderr || error?.message))),
    );
    child.stdin?.end(input);
  });
}

// A small codebase: the imports of each file. These imports obey the rules. The files of FORBIDDEN import from these files.
const ALLOWED: Record<string, string[]> = {
  'src/main.ts': ['./app.module', './config'],
  'src/app.module.ts': ['./terra-auth', './health', './commands', './webhooks'],
  'src/config/index.ts': ['./environment'],
  'src/config/environment.ts': [],
  'src/common/index.ts': ['./clock'],
  'src/common/clock.ts': [],
  'src/database/index.ts': ['../../migrations', '../common'],
  'src/terra/index.ts': ['./terra.client'],
  'src/terra/terra.client.ts': ['./terra.transport', '../config'],
  'src/terra/terra.transport.ts': ['axios'],
  'src/terra/undici.adapter.ts': ['undici'],
  'src/connections/index.ts': ['./connections.service'],
  'src/connections/connections.service.ts': ['../terra', '../database', '@nestjs/common'],
  'src/connections/connections.service.spec.ts': ['../../test/support/database', 'fastify', './index'],
  'src/providers/index.ts': ['../terra'],
  'src/reconciliation/index.ts': ['../connections', '../terra'],
  'src/connect-sessions/index.ts': ['../connections', '../providers'],
  'src/webhooks/index.ts': ['../connect-sessions', '../reconciliation'],
  'src/privacy/index.ts': ['../webhooks', '../connect-sessions'],
  'src/terra-auth/index.ts': ['../privacy', '../webhooks', '../../migrations'],
  'src/health/index.ts': ['../database', '@nestjs/terminus'],
  'src/commands/index.ts': ['../config', '../terra-auth'],
  'src/diagnosis/index.ts': ['../database'],
  'migrations/index.ts': ['./1-create'],
  'migrations/1-create.ts': [],
  'sandbox/index.ts': ['fastify'],
  'test/support/database.ts': ['../../src/main', '../../sandbox'],
};

const FORBIDDEN: [rule: string, file: string, imported: string][] = [
  ['layers-go-down', 'src/terra/upwards.ts', '../connections'],
  ['layers-go-down', 'src/common/sideways.ts', '../config'],
  ['layers-go-down', 'src/providers/upwards.ts', '../connections'],
  ['layers-go-down', 'src/connections/upwards.ts', '../reconciliation'],
  ['layers-go-down', 'src/reconciliation/sideways.ts', '../connect-sessions'],
  ['layers-go-down', 'src/connect-sessions/sideways.ts', '../reconciliation'],
  ['layers-go-down', 'src/webhooks/upwards-to-privacy.ts', '../privacy'],
  ['layers-go-down', 'src/terra-auth/upwards.ts', '../commands'],
  ['layers-go-down', 'src/health/sideways.ts', '../commands'],
  ['layers-go-down', 'src/commands/sideways.ts', '../health'],
  ['layers-go-down', 'src/webhooks/upwards.ts', '../main'],
  ['every-module-has-a-layer', 'src/new-module/index.ts', '../config'],
  ['public-api-only', 'src/connections/past-index.ts', '../terra/terra.client'],
  ['public-api-only', 'src/past-index.ts', './terra/terra.client'],
  ['own-index-not-imported', 'src/terra/own-index.ts', './index'],
  ['own-index-not-imported', 'src/terra/own-index-by-folder.ts', '.'],
  ['migrations-by-their-list', 'src/webhooks/migrating.ts', '../../migrations'],
  ['migrations-by-their-list', 'src/health/migrating.ts', '../../migrations'],
  ['migrations-by-their-list', 'src/database/picking.ts', '../../migrations/1-create'],
  ['migrations-stand-alone', 'migrations/2-add.ts', '../src/common'],
  ['http-client-only-in-transports', 'src/connections/calling.service.ts', 'axios'],
  ['http-client-only-in-transports', 'src/terra/calling.client.ts', 'undici'],
  ['http-client-only-in-transports', 'src/providers/calling.ts', 'node:https'],
  ['http-client-only-in-transports', 'src/outbound/endpoint-url.ts', 'undici'],
  ['http-free-core', 'src/connections/web.service.ts', '@nestjs/platform-fastify'],
  ['module-without-process-packages', 'src/terra/checking.ts', '@nestjs/terminus'],
  ['module-without-process-packages', 'src/webhooks/on-fastify.ts', '@nestjs/platform-fastify'],
  ['src-stands-alone', 'src/config/using-sandbox.ts', '../../sandbox'],
  ['src-stands-alone', 'src/config/using-tests.ts', '../../test/support/database'],
  ['src-stands-alone', 'src/config/using-sandbox.spec.ts', '../../sandbox'],
  ['sandbox-stands-alone', 'sandbox/using-src.ts', '../src/config'],
  ['sandbox-stands-alone', 'sandbox/using-tests.ts', '../test/support/database'],
  ['only-what-exists', 'src/common/nowhere.ts', './gone'],
  ['no-dev-dependencies', 'src/main-with-fastify.ts', 'fastify'],
  ['no-dev-dependencies', 'src/main-with-test-tool.ts', 'test-tool'],
  ['only-declared-packages', 'src/common/using-undeclared.ts', 'undeclared'],
];
const CYCLE: Record<string, string[]> = {
  'src/queue/index.ts': ['./first'],
  'src/queue/first.ts': ['./second'],
  'src/queue/second.ts': ['./first'],
};
const TYPES_ONLY = `import type { Reply } from 'fastify';\nexport type Answer = Reply;\n`;

describe('The import rules', () => {
  let folder: string;
  let violations: { rule: string; from: string }[];

  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  const writeImports = (file: string, imports: string[]): void =>
    write(file, [...imports.map((from) => `import ${JSON.stringify(from)};`), 'export {};'].join('\n'));

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'terra-connect-rules-'));
    const dependencies = [
      'axios',
      'undici',
      '@nestjs/common',
      '@nestjs/platform-fastify',
      '@nestjs/terminus',
    ];
    const devDependencies = ['fastify', 'test-tool'];
    write(
      'package.json',
      JSON.stringify({ dependencies: versions(dependencies), devDependencies: versions(devDependencies) }),
    );
    for (const name of [...dependencies, ...devDependencies, 'undeclared']) {
      write(
        `node_modules/${name}/package.json`,
        JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
      );
      write(`node_modules/${name}/index.js`, '');
    }
    for (const [file, imports] of Object.entries({ ...ALLOWED, ...CYCLE })) writeImports(file, imports);
    for (const [, file, imported] of FORBIDDEN) writeImports(file, [imported]);
    write('src/app.types.ts', TYPES_ONLY);
    write('src/connections/web-types.service.ts', TYPES_ONLY);

    const config = join(repository, '.dependency-cruiser.cjs');
    const output = await run([CRUISER, '--config', config, '--output-type', 'json', ...FOLDERS], {
      cwd: folder,
    });
    const { summary } = JSON.parse(output) as {
      summary: { violations: { from: string; rule: { name: string } }[] };
    };
    violations = summary.violations.map(({ from, rule }) => ({ from, rule: rule.name }));
  }, 60_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const rulesBrokenBy = (file: string): string[] =>
    [...new Set(violations.filter(({ from }) => from === file).map(({ rule }) => rule))].sort();

  it.each(FORBIDDEN)('%s: %s must not import %s', (rule, file) => {
    expect(rulesBrokenBy(file)).toContain(rule);
  });

  it('no-cycles: two files must not import each other', () => {
    expect(rulesBrokenBy('src/queue/first.ts')).toEqual(['no-cycles']);
  });

  it('http-free-core: a service must not import even the types of the HTTP platform', () => {
    expect(rulesBrokenBy('src/connections/web-types.service.ts')).toEqual(['http-free-core']);
  });

  it('allow every other import', () => {
    const files = new Set(violations.map(({ from }) => from));
    expect([...Object.keys(ALLOWED), 'src/app.types.ts'].filter((file) => files.has(file))).toEqual([]);
  });
});

const SQL = 'export const find = (db: { query(sql: string): void }): void => db.query(`SELECT 1`);\n';
const RUN_SQL = `import { runSql } from '../database';\nexport const find = (): unknown => runSql();\n`;
const constructorOf = (parameters: string): string =>
  `export class A {\n  constructor(${parameters}) {}\n}\n`;
const NOT_FOUND = `import { NotFoundException } from '@nestjs/common';\nexport const error = new NotFoundException();\n`;

const linesOf = (count: number): string => '// A line.\n'.repeat(count - 1) + 'export {};\n';

const patternOf = (pattern: string): string => `export const PATTERN = /${pattern}/;\n`;
const LINTED: [expected: string | null, filePath: string, text: string][] = [
  ['environment-only-in-config', 'src/queue/a.ts', 'export const a = process.env.HOME;\n'],
  ['environment-only-in-config', 'src/queue/a.ts', `export const a = process['env'].HOME;\n`],
  ['environment-only-in-config', 'src/main.ts', 'export const { env } = process;\n'],
  [
    'environment-only-in-config',
    'src/queue/a.repository.ts',
    `import { env } from 'node:process';\nexport { env };\n`,
  ],
  [null, 'src/config/environment.ts', 'export const a = process.env.HOME;\n'],
  [null, 'src/queue/a.spec.ts', 'export const a = process.env.HOME;\n'],
  ['sql-only-in-repositories', 'src/connections/connections.service.ts', SQL],
  ['sql-only-in-repositories', 'src/connections/connections.service.ts', RUN_SQL],
  ['sql-only-in-repositories', 'src/config/environment.ts', SQL],
  [null, 'src/connections/connection.repository.ts', SQL + RUN_SQL],
  [null, 'src/database/prepared.ts', SQL],
  ['http-free-core', 'src/connections/connections.service.ts', NOT_FOUND],
  ['http-free-core', 'src/connections/connections.errors.ts', NOT_FOUND],
  ['http-free-core', 'src/connections/connection.entity.ts', NOT_FOUND],
  [
    null,
    'src/connections/connections.service.ts',
    `import { Injectable } from '@nestjs/common';\nexport { Injectable };\n`,
  ],
  [
    'http-client-only-in-transports',
    'src/connections/a.ts',
    `export const a = fetch('https://example.com');\n`,
  ],
  [
    'more than six dependencies',
    'src/connections/a.ts',
    constructorOf('_a = 1, _b = 1, _c = 1, _d = 1, _e = 1, _f = 1, _g = 1'),
  ],
  [null, 'src/connections/a.ts', constructorOf('_a = 1, _b = 1, _c = 1, _d = 1, _e = 1, _f = 1')],
  ['takes quadratic time', 'src/terra/a.ts', patternOf('no (\\w+ )?provider\\b.*\\benabled')],
  ['regexp/no-super-linear-move', 'src/terra/a.ts', patternOf('\\/+$')],
  ['regexp/no-super-linear-backtracking', 'src/terra/a.ts', patternOf('^(\\w+\\s?)*$')],
  [null, 'src/terra/a.ts', patternOf('(?<!\\/)\\/+$')],
  [
    'A circular import',
    'src/connections/a.ts',
    `import { forwardRef } from '@nestjs/common';\nexport { forwardRef };\n`,
  ],
  ['too many lines', 'src/connections/a.ts', linesOf(251)],
  ['too many lines', 'test/a.e2e-spec.ts', linesOf(251)],
  [null, 'src/connections/a.ts', linesOf(250)],
  [null, 'src/connections/a.ts', `/* eslint-disable max-lines -- A reason. */\n${linesOf(251)}`],
];

describe('The lint rules of the codebase', () => {
  let found: string[][];

  beforeAll(async () => {
    const cases = LINTED.map(([, filePath, text]) => ({ filePath, text }));
    const program = join(__dirname, 'support', 'lint-cases.mjs');
    found = JSON.parse(await run([program], { cwd: repository, input: JSON.stringify(cases) })) as string[][];
  }, 60_000);

  it.each(
    LINTED.map(([expected, filePath, text], index) => ({
      title: `${expected ?? 'allowed'}: ${filePath} with ${text.split('\n')[0]}`,
      expected,
      index,
    })),
  )('$title', ({ expected, index }) => {
    expect(found[index]).toEqual(expected === null ? [] : [expect.stringContaining(expected)]);
  });
});

function versions(names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, '1.0.0']));
}
