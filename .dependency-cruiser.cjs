'use strict';

// The import rules of docs/architecture.md, executable. A room is a folder of src; it imports from itself and from the
// doors (index.ts) of rooms of a lower rank. A new room gets its rank here.
const LAYERS = [
  ['config', 'common'],
  ['database', 'observability', 'queue', 'http'],
  ['terra', 'api-keys'],
  ['providers'],
  ['connections'],
  ['reconciliation', 'connect-sessions'],
  ['webhooks'],
  ['privacy', 'diagnosis'],
  ['terra-auth'],
  ['health', 'commands'],
  // Above all of them: the files directly in src.
];

const anyOf = (names) => `(?:${names.join('|')})`;
const MODULES = LAYERS.flat();
const OUTSIDE_SRC = ['test', 'sandbox', 'sample-app', 'local', 'bench', 'tools'];
const SPEC = '\\.spec\\.ts$';

const HTTP_PLATFORMS =
  '^(?:node_modules/)?(?:@nestjs/platform-(?:fastify|express)|fastify|@fastify/[^/]+|express|@types/express)(?:/|$)';
const HTTP_CLIENTS = '^(?:node_modules/)?(?:axios|@nestjs/axios|undici)(?:/|$)';

const layersGoDown = (from, to) => ({
  name: 'layers-go-down',
  comment:
    'A room imports rooms of a lower rank only, never sideways and never up. What both need belongs lower; ' +
    'what uses both belongs higher.',
  severity: 'error',
  from,
  to,
});

const publicApiOnly = (from, to) => ({
  name: 'public-api-only',
  comment: "Another room is imported by its index.ts. What is not there is the room's own business.",
  severity: 'error',
  from,
  to,
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A circular import means that two files are one, or that a rank is wrong.',
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
      comment: 'A new folder in src gets its place in LAYERS.',
      severity: 'error',
      from: { path: `^src/(?!${anyOf(MODULES)}/)[^/]+/` },
      to: {},
    },

    publicApiOnly({ path: '^src/([^/]+)/' }, { path: '^src/[^/]+/(?!index\\.ts$).', pathNot: '^src/$1/' }),
    publicApiOnly({ path: '^src/[^/]+\\.ts$' }, { path: '^src/[^/]+/(?!index\\.ts$).' }),
    {
      name: 'own-index-not-imported',
      comment:
        'A room that imports its own door goes in circles as soon as the door exports the importing file.',
      severity: 'error',
      from: { path: '^src/([^/]+)/.', pathNot: SPEC },
      to: { path: '^src/$1/index\\.ts$' },
    },
    {
      name: 'migrations-by-their-list',
      comment: 'Only those who run or check migrations know them, as the list in migrations/index.ts.',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/${anyOf(['database', 'terra-auth', 'health'])}/` },
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
        'A migration says what it did on the day it was written; code that changes later would change it.',
      severity: 'error',
      from: { path: '^migrations/' },
      to: { path: `^${anyOf(['src', ...OUTSIDE_SRC])}/` },
    },

    {
      name: 'http-client-only-in-transports',
      comment:
        'Deadlines, retries and the translation of errors are in one place: ask terra.client for a method.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: '^src/terra/(?:terra\\.transport|terra\\.module|undici\\.adapter)\\.ts$',
      },
      to: { path: [HTTP_CLIENTS, '^(?:node:)?https?2?$'] },
    },
    {
      name: 'http-free-core',
      comment:
        'Services, repositories, entities and errors serve webhooks and commands, too: they know no HTTP.',
      severity: 'error',
      from: { path: '^src/.+\\.(?:service|repository|entity|errors|worker)\\.ts$' },
      to: { path: HTTP_PLATFORMS },
    },

    {
      name: 'src-stands-alone',
      comment: 'What stands in for Postgres and Terra on a laptop never reaches the production image.',
      severity: 'error',
      from: { path: '^src/', pathNot: SPEC },
      to: { path: `^${anyOf(OUTSIDE_SRC)}/` },
    },
    {
      name: 'src-stands-alone',
      comment: 'A unit spec may use the shared test support, and nothing else from outside.',
      severity: 'error',
      from: { path: `^src/.+${SPEC}` },
      to: { path: `^${anyOf(OUTSIDE_SRC)}/`, pathNot: '^test/support/' },
    },
    {
      name: 'sandbox-stands-alone',
      comment: 'Sharing code with the service, the sandbox would test our signatures by themselves.',
      severity: 'error',
      from: { path: '^sandbox/' },
      to: { path: `^${anyOf(['src', 'migrations', ...OUTSIDE_SRC.filter((name) => name !== 'sandbox')])}/` },
    },

    {
      name: 'sample-app-stands-alone',
      comment:
        'The sample app shows what a caller writes: it knows the REST API, and the HTML helpers of the sandbox.',
      severity: 'error',
      from: { path: '^sample-app/' },
      to: {
        path: `^${anyOf(['src', 'migrations', ...OUTSIDE_SRC.filter((name) => name !== 'sample-app')])}/`,
        pathNot: '^sandbox/pages/',
      },
    },

    {
      name: 'only-what-exists',
      comment: 'The import leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-dev-dependencies',
      comment: 'The production image holds `dependencies` only.',
      severity: 'error',
      from: { path: '^(?:src|migrations)/', pathNot: SPEC },
      to: { dependencyTypes: ['npm-dev'], pathNot: '^node_modules/(?:fastify|@types)/' },
    },
    {
      name: 'no-dev-dependencies',
      comment: 'Of fastify only the types: at run time it belongs to the HTTP platform of Nest.',
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
        'A package that is there by somebody else’s wish leaves by their wish; list it in package.json.',
      severity: 'error',
      from: { path: '^(?:src|migrations|sandbox|sample-app)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(?:dist|coverage|\\.data)/' },
    // Types are imports, too: a room that needs another room's type needs that room.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.cjs', '.mjs', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['main', 'types', 'typings'],
    },
  },
};
