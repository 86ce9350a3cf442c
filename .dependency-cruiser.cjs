'use strict';

// Enforces the import rules of docs/architecture.md. A module is a folder of src. It imports from itself and from the
// public API (index.ts) of modules on a lower layer. Add a new module to its layer here, lowest layer first.
const LAYERS = [
  ['config', 'common'],
  ['database', 'observability', 'queue', 'http', 'rate-limits', 'outbound'],
  ['terra', 'api-keys'],
  ['events', 'providers'],
  ['connections'],
  ['reconciliation', 'connect-sessions', 'provider-retirement'],
  ['webhooks'],
  ['privacy', 'diagnosis'],
  ['terra-auth'],
  ['health', 'commands'],
  // The files directly in src form the top layer.
];

const anyOf = (names) => `(?:${names.join('|')})`;
const MODULES = LAYERS.flat();
const OUTSIDE_SRC = ['test', 'sandbox', 'sample-app', 'local', 'bench', 'tools'];
const SPEC = '\\.spec\\.ts$';

// What the service installs, but a host that embeds the module may not have: a package of our process.
const { peerDependencies } = require('./package.json');
const { dependencies: installed } = require('./service/package.json');
const PROCESS_PACKAGES = Object.keys(installed).filter((name) => !(name in peerDependencies));
const PROCESS_ONLY = `^node_modules/${anyOf([...PROCESS_PACKAGES, '@nestjs/platform-[^/]+'])}/`;

const HTTP_PLATFORMS =
  '^(?:node_modules/)?(?:@nestjs/platform-(?:fastify|express)|fastify|@fastify/[^/]+|express|@types/express)(?:/|$)';
const HTTP_CLIENTS = '^(?:node_modules/)?(?:axios|@nestjs/axios|undici)(?:/|$)';

const layersGoDown = (from, to) => ({
  name: 'layers-go-down',
  comment:
    'A module imports only modules on a lower layer, never on its own layer or above. ' +
    'Move code that both modules need to a lower layer, and code that uses both to a higher one.',
  severity: 'error',
  from,
  to,
});

const publicApiOnly = (from, to) => ({
  name: 'public-api-only',
  comment:
    'Import another module only through its public API (index.ts). Everything else in that module is private.',
  severity: 'error',
  from,
  to,
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment:
        'A circular import means that two files belong together or that one of them is on the wrong layer.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },

    ...LAYERS.map((modules, layer) =>
      layersGoDown(
        { path: `^src/(${anyOf(modules)})/` },
        { path: `^src/${anyOf(LAYERS.slice(layer).flat())}/`, pathNot: '^src/$1/' },
      ),
    ),
    layersGoDown({ path: '^src/[^/]+/', pathNot: SPEC }, { path: '^src/[^/]+\\.ts$' }),
    {
      name: 'every-module-has-a-layer',
      comment: 'This folder of src has no layer. Add it to LAYERS in .dependency-cruiser.cjs.',
      severity: 'error',
      from: { path: `^src/(?!${anyOf(MODULES)}/)[^/]+/` },
      to: {},
    },

    publicApiOnly({ path: '^src/([^/]+)/' }, { path: '^src/[^/]+/(?!index\\.ts$).', pathNot: '^src/$1/' }),
    publicApiOnly({ path: '^src/[^/]+\\.ts$' }, { path: '^src/[^/]+/(?!index\\.ts$).' }),
    {
      name: 'own-index-not-imported',
      comment:
        'A file that imports the public API of its own module makes a circular import as soon as index.ts exports it. ' +
        'Import the other file directly.',
      severity: 'error',
      from: { path: '^src/([^/]+)/.', pathNot: SPEC },
      to: { path: '^src/$1/index\\.ts$' },
    },
    {
      name: 'migrations-by-their-list',
      comment:
        'Only modules that run or check migrations import them, through the list in migrations/index.ts.',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/${anyOf(['database', 'terra-auth'])}/` },
      to: { path: '^migrations/' },
    },
    {
      name: 'migrations-by-their-list',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^migrations/(?!index\\.ts$)' },
    },
    {
      name: 'migrations-stand-alone',
      comment:
        'A migration must always have the effect of its first day, but imported code can change later.',
      severity: 'error',
      from: { path: '^migrations/' },
      to: { path: `^${anyOf(['src', ...OUTSIDE_SRC])}/` },
    },

    {
      name: 'http-client-only-in-transports',
      comment:
        'Only these files make HTTP calls: they hold deadlines, limits and error mapping. ' +
        'Call a method of TerraClient, or GuardedHttpClient for a URL that a caller or Terra has chosen.',
      severity: 'error',
      from: {
        path: '^src/',
        // app.management.ts makes no calls: it listens on a second port.
        pathNot:
          '^src/(?:terra/(?:terra\\.transport(?:\\.spec)?|terra\\.module|undici\\.adapter|terra-sockets|answer-reader)|outbound/(?:guarded-http\\.client|guarded-sockets|guarded-connector|answer-reader|outgoing-sockets)|app\\.management)\\.ts$',
      },
      to: { path: [HTTP_CLIENTS, '^(?:node:)?https?2?$'] },
    },
    {
      name: 'http-free-core',
      comment:
        'Webhooks and commands also use services, repositories, entities and errors, so these must not know HTTP.',
      severity: 'error',
      from: { path: '^src/.+\\.(?:service|repository|entity|errors|worker)\\.ts$' },
      to: { path: HTTP_PLATFORMS },
    },

    {
      name: 'src-stands-alone',
      comment:
        'src must not import these folders. The production image contains no tests, no embedded Postgres and no sandbox.',
      severity: 'error',
      from: { path: '^src/', pathNot: SPEC },
      to: { path: `^${anyOf(OUTSIDE_SRC)}/` },
    },
    {
      name: 'src-stands-alone',
      comment: 'Outside of src, a unit spec may import test/support only.',
      severity: 'error',
      from: { path: `^src/.+${SPEC}` },
      to: { path: `^${anyOf(OUTSIDE_SRC)}/`, pathNot: '^test/support/' },
    },
    {
      name: 'programs-import-compiled-files',
      comment:
        'local/bootstrap.cjs compiles these folders for programs that run without Jest, and no other folder of the tests.',
      severity: 'error',
      from: { path: `^(?:sandbox|sample-app|local|bench|tools|test/stage|test/crash)/`, pathNot: SPEC },
      to: { path: '^test/', pathNot: '^test/(?:stage/|crash/|support/seeded-random\\.ts$)' },
    },
    {
      name: 'sandbox-stands-alone',
      comment:
        'The sandbox must not share code with the service. With shared code, the service would verify its own signatures.',
      severity: 'error',
      from: { path: '^sandbox/' },
      to: { path: `^${anyOf(['src', 'migrations', ...OUTSIDE_SRC.filter((name) => name !== 'sandbox')])}/` },
    },

    {
      name: 'sample-app-stands-alone',
      comment:
        'The sample app shows what a caller writes. It uses only the REST API and the HTML helpers of the sandbox.',
      severity: 'error',
      from: { path: '^sample-app/' },
      to: {
        path: `^${anyOf(['src', 'migrations', ...OUTSIDE_SRC.filter((name) => name !== 'sample-app')])}/`,
        pathNot: '^sandbox/pages/',
      },
    },

    {
      name: 'only-what-exists',
      comment: 'The imported file or package does not exist.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-dev-dependencies',
      comment:
        'The production image has no devDependencies. List the package in dependencies, peerDependencies or service/package.json.',
      severity: 'error',
      from: { path: '^(?:src|migrations)/', pathNot: SPEC },
      to: {
        dependencyTypes: ['npm-dev'],
        pathNot: ['^node_modules/(?:fastify|@types|@nats-io)/', PROCESS_ONLY],
      },
    },
    {
      name: 'module-without-process-packages',
      comment:
        'A host that embeds the module may not have this package. Only the files of the process may import it: ' +
        'src/*.ts and src/health.',
      severity: 'error',
      from: { path: '^(?:src|migrations)/', pathNot: [SPEC, '^src/[^/]+\\.ts$', '^src/health/'] },
      to: { path: PROCESS_ONLY },
    },
    {
      name: 'nats-loaded-only-when-used',
      comment:
        'A host that does not use NATS has not installed its client. Only src/events/nats may import it: types, or with import().',
      severity: 'error',
      from: { path: '^(?:src|migrations)/' },
      to: { path: '^node_modules/@nats-io/', dependencyTypesNot: ['type-only', 'dynamic-import'] },
    },
    {
      name: 'no-dev-dependencies',
      comment:
        'Import only types from fastify and @types. At run time, fastify is a dependency of the HTTP platform of Nest.',
      severity: 'error',
      from: { path: '^(?:src|migrations)/', pathNot: SPEC },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        path: '^node_modules/(?:fastify|@types)/',
      },
    },
    {
      name: 'only-declared-packages',
      comment:
        'This package is only installed because another package depends on it, and can disappear with that package. ' +
        'List it in package.json.',
      severity: 'error',
      from: { path: '^(?:src|migrations|sandbox|sample-app)/' },
      // An optional peer has both types: dependency-cruiser does not know peerDependenciesMeta.
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm-peer'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // A host application has the packages of its own folder.
    exclude: { path: '^(?:dist|coverage|\\.data|test/hosts/application)/' },
    // Check type imports, too: a module that needs another module's type depends on that module.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.cjs', '.mjs', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['main', 'types', 'typings'],
    },
  },
};
