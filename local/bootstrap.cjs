'use strict';

// This file runs before npm installs a package, so it uses only Node's own modules. It uses only syntax that Node 15 can
// parse, so that checkNode can tell the user of an old Node what to do.
const { spawn } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..');
const inRoot = (...parts) => path.join(root, ...parts);

function fail(message, code) {
  process.stderr.write(`${message}\n`);
  process.exit(code === undefined ? 1 : code);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(`Node ${process.versions.node} is too old: install Node 20.19 or newer.`);
}

/** Resolves when the program succeeds. Otherwise exits with the program's exit code, or with 130 after a signal. */
function run(what, command, args, options) {
  return new Promise((resolve) => {
    const child = spawn(command, args, Object.assign({ cwd: root, stdio: 'inherit' }, options));
    const handlers = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => {
      const handler = () => child.kill(signal);
      process.on(signal, handler);
      return () => process.removeListener(signal, handler);
    });
    child.on('error', (error) => fail(`${what} did not start: ${error.message}`));
    child.on('exit', (code, signal) => {
      handlers.forEach((remove) => remove());
      if (code === 0) return resolve();
      if (signal) fail(`${what} was stopped by ${signal}.`, 130);
      fail(`${what} failed (exit code ${code}); see above.`, code);
    });
  });
}

function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (_error) {
    return null;
  }
}

/** Compares package-lock.json with node_modules/.package-lock.json, which npm writes in the last step of an install. */
function isInstalled() {
  const wanted = readJson(inRoot('package-lock.json'));
  const present = readJson(inRoot('node_modules', '.package-lock.json'));
  if (!wanted || !present) return false;
  return Object.entries(wanted.packages).every(([name, entry]) => {
    if (name === '') return true;
    const found = present.packages[name];
    // npm leaves out an optional package that does not fit the machine.
    if (!found) return Boolean(entry.optional || entry.devOptional);
    return found.version === entry.version && fs.existsSync(inRoot(name));
  });
}

async function install() {
  if (isInstalled()) return;
  process.stdout.write('Installing packages …\n');
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
  const npm = process.env.npm_execpath;
  if (npm && /npm-cli\.c?js$/.test(npm)) await run('npm ci', process.execPath, [npm].concat(args));
  else await run('npm ci', 'npm', args, { shell: process.platform === 'win32' });
}

function* filesIn(entry) {
  const stat = fs.statSync(entry, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isDirectory()) yield entry;
  else for (const name of fs.readdirSync(entry).sort()) yield* filesIn(path.join(entry, name));
}

const LOCAL_FOLDERS = [
  'sandbox',
  'sample-app',
  'local',
  'bench',
  'tools',
  'test/stage',
  'test/crash',
  // Specs in src use it, too, and these may import test/support only.
  'test/support/seeded-random.ts',
];

// Checks no types ("npm run check" does), because the service is built at the same time and needs the processor.
async function compileLocal() {
  const { transformFile } = require(inRoot('node_modules', '@swc', 'core'));
  const parser = { syntax: 'typescript', decorators: true };
  const options = {
    swcrc: false,
    module: { type: 'commonjs', ignoreDynamic: true },
    jsc: { target: 'es2023', parser, transform: { legacyDecorator: true, decoratorMetadata: true } },
  };
  for (const folder of LOCAL_FOLDERS) {
    for (const file of filesIn(inRoot(folder))) {
      if (!/(?<!\.spec|\.d)\.ts$/.test(file)) continue;
      const output = inRoot('dist', path.relative(root, file).replace(/\.ts$/, '.js'));
      fs.mkdirSync(path.dirname(output), { recursive: true });
      fs.writeFileSync(output, (await transformFile(file, options)).code);
    }
  }
}

async function compileService() {
  // With .tsbuildinfo, the compiler assumes that its earlier output still exists, and writes nothing.
  if (!fs.existsSync(inRoot('dist', 'src', 'main.js')))
    fs.rmSync(inRoot('dist', '.tsbuildinfo'), { force: true });
  // Builds with the Nest CLI, because openapi.json needs its Swagger plugin.
  await run('Building the service', process.execPath, [
    inRoot('node_modules/@nestjs/cli/bin/nest.js'),
    'build',
  ]);
}

const PARTS = [
  {
    name: 'service',
    output: 'dist/src/main.js',
    inputs: [
      'src',
      'migrations',
      'tsconfig.json',
      'tsconfig.build.json',
      'nest-cli.json',
      'package-lock.json',
    ],
    compile: compileService,
  },
  { name: 'local', output: 'dist/local/start.js', inputs: LOCAL_FOLDERS, compile: compileLocal },
];

function digestOf(inputs) {
  const hash = createHash('sha256').update(fs.readFileSync(__filename));
  for (const input of inputs) {
    for (const file of filesIn(inRoot(input))) {
      if (file.endsWith('.spec.ts')) continue;
      hash.update(`\0${path.relative(root, file)}\0`).update(fs.readFileSync(file));
    }
  }
  return hash.digest('hex');
}

async function build(wanted = PARTS) {
  const started = Date.now();
  const stale = wanted
    .map((part) => Object.assign({ digest: digestOf(part.inputs) }, part))
    .filter((part) => {
      const stamp = inRoot('dist', `.built-${part.name}`);
      const isBuilt = fs.existsSync(inRoot(part.output)) && fs.existsSync(stamp);
      return !isBuilt || fs.readFileSync(stamp, 'utf8') !== part.digest;
    });
  if (stale.length === 0) return;
  process.stdout.write('Building …\n');
  await Promise.all(
    stale.map(async (part) => {
      await part.compile();
      fs.writeFileSync(inRoot('dist', `.built-${part.name}`), part.digest);
    }),
  );
  process.stdout.write(`Built in ${((Date.now() - started) / 1000).toFixed(1)} s.\n`);
}

/** Runs the file in this process. A child process would need each signal forwarded. */
function become(file, args) {
  process.argv = [process.argv[0], file].concat(args);
  require(file);
}

const COMMANDS = {
  async start(args) {
    await build();
    become(inRoot('dist', 'local', 'start.js'), args);
  },
  async test(args) {
    await build();
    become(inRoot('node_modules', 'jest', 'bin', 'jest.js'), args);
  },
  async 'test-scale'(args) {
    await build();
    process.env.SCALE_USERS ??= '1000000';
    become(inRoot('node_modules', 'jest', 'bin', 'jest.js'), ['test/sweep-scale'].concat(args));
  },
  async 'test-permutations'(args) {
    await build();
    process.env.PERMUTATIONS = 'all';
    become(inRoot('node_modules', 'jest', 'bin', 'jest.js'), ['test/permutations.e2e-spec'].concat(args));
  },
  async 'test-browser'(args) {
    await build();
    become(
      inRoot('node_modules', 'jest', 'bin', 'jest.js'),
      ['--config', 'jest.browser.config.cjs'].concat(args),
    );
  },
  async 'test-hosts'(args) {
    await build();
    become(
      inRoot('node_modules', 'jest', 'bin', 'jest.js'),
      ['--config', 'jest.hosts.config.cjs'].concat(args),
    );
  },
  async 'test-documents'(args) {
    await build();
    become(
      inRoot('node_modules', 'jest', 'bin', 'jest.js'),
      ['--config', 'jest.documents.config.cjs'].concat(args),
    );
  },
  async 'test-deployment'(args) {
    await build();
    become(
      inRoot('node_modules', 'jest', 'bin', 'jest.js'),
      ['--config', 'jest.deployment.config.cjs'].concat(args),
    );
  },
  async 'test-nats'(args) {
    await build();
    become(
      inRoot('node_modules', 'jest', 'bin', 'jest.js'),
      ['--config', 'jest.nats.config.cjs'].concat(args),
    );
  },
  async bench(args) {
    await build();
    become(inRoot('dist', 'bench', 'main.js'), args);
  },
  async scenario(args) {
    // Leaves the part `service` as it is: a running `npm start` uses its files.
    await build(PARTS.filter(({ name }) => name === 'local'));
    become(inRoot('dist', 'local', 'scenario.js'), args);
  },
  async 'test-crash'(args) {
    await build();
    become(inRoot('dist', 'test', 'crash', 'main.js'), args);
  },
  async tool([name, ...args]) {
    await build();
    become(inRoot('dist', 'tools', `${name}.js`), args);
  },
};

async function main([command, ...args]) {
  checkNode();
  const action = COMMANDS[command];
  if (!action) fail(`Usage: node local/bootstrap.cjs ${Object.keys(COMMANDS).join('|')}`);
  process.chdir(root);
  await install();
  await action(args);
}

main(process.argv.slice(2)).catch((error) => fail(error.stack));
