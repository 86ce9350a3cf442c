import regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';

const FORWARD_REF = {
  selector: "ImportSpecifier[imported.name='forwardRef']",
  message:
    'A circular import means that two modules belong together or that one of them is on the wrong layer. See docs/architecture.md.',
};
const MAX_DEPENDENCIES = {
  selector: "MethodDefinition[kind='constructor'] > FunctionExpression[params.length>6]",
  message:
    'A constructor with more than six dependencies means that the class does too much. Split the class.',
};
const EVERYWHERE = [FORWARD_REF, MAX_DEPENDENCIES];
// eslint-plugin-regexp does not see this kind: the search begins again at each place where the first part matches.
const QUADRATIC_SEARCH = {
  selector: 'Literal[regex.pattern=/^[^^].*\\.[*+]/]',
  message:
    'Without ^ at the beginning, .* inside a pattern takes quadratic time. Search for the two parts one after the other. (T-21)',
};
const IN_SRC = [...EVERYWHERE, QUADRATIC_SEARCH];
const ONLY_CONFIG =
  'Only src/config/environment.ts reads the environment. Inject a typed slice instead. (environment-only-in-config)';
const PROCESS_ENV = [
  { selector: "MemberExpression[object.name='process'][property.name='env']", message: ONLY_CONFIG },
  { selector: "MemberExpression[object.name='process'][property.value='env']", message: ONLY_CONFIG },
  { selector: "VariableDeclarator[init.name='process'] Property[key.name='env']", message: ONLY_CONFIG },
  { selector: "ImportDeclaration[source.value='process']", message: ONLY_CONFIG },
  { selector: "ImportDeclaration[source.value='node:process']", message: ONLY_CONFIG },
];
const ONLY_REPOSITORIES =
  'Only *.repository.ts and migrations hold raw SQL. Add a method to the repository. (sql-only-in-repositories)';
const RAW_SQL = [
  { selector: "CallExpression[callee.property.name='query']", message: ONLY_REPOSITORIES },
  { selector: "CallExpression[callee.name='runSql']", message: ONLY_REPOSITORIES },
];
const ONLY_TRANSPORTS =
  'Only src/terra and src/outbound make HTTP calls. Call a method of TerraClient or GuardedHttpClient. (http-client-only-in-transports)';
const HTTP_EXCEPTIONS =
  '^(HttpException|HttpStatus|IntrinsicException|(BadGateway|BadRequest|Conflict|Forbidden|GatewayTimeout|Gone|' +
  'HttpVersionNotSupported|ImATeapot|InternalServerError|MethodNotAllowed|Misdirected|NotAcceptable|NotFound|' +
  'NotImplemented|PayloadTooLarge|PreconditionFailed|RequestTimeout|ServiceUnavailable|Unauthorized|' +
  'UnprocessableEntity|UnsupportedMediaType)Exception|Req|Request|Res|Response|Headers|Ip|HostParam)$';

export default tseslint.config(
  { ignores: ['test/hosts/application/**', 'dist/**', '.data/**', 'coverage/**', 'node_modules/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: false }],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      // A longer file says why in its first comment: /* eslint-disable max-lines -- <the reason> */
      'max-lines': ['error', { max: 250 }],
      'no-restricted-syntax': ['error', ...EVERYWHERE],
    },
  },
  {
    // T-21: a pattern whose time grows faster than its text stops the event loop when a stranger chooses the text.
    files: ['**/*.{ts,cjs,mjs}'],
    plugins: { regexp },
    rules: {
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'regexp/no-super-linear-move': ['error', { report: 'potential', ignorePartial: false }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/**/*.spec.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...IN_SRC, ...PROCESS_ENV, ...RAW_SQL],
      'no-restricted-globals': [
        'error',
        { name: 'fetch', message: ONLY_TRANSPORTS },
        { name: 'WebSocket', message: ONLY_TRANSPORTS },
      ],
    },
  },
  {
    files: ['src/config/environment.ts'],
    rules: { 'no-restricted-syntax': ['error', ...IN_SRC, ...RAW_SQL] },
  },
  {
    files: ['src/**/*.repository.ts', 'src/database/**/*.ts'],
    ignores: ['src/**/*.spec.ts'],
    rules: { 'no-restricted-syntax': ['error', ...IN_SRC, ...PROCESS_ENV] },
  },
  {
    files: ['src/**/*.{service,repository,entity,errors,worker}.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['@nestjs/common'],
              importNamePattern: HTTP_EXCEPTIONS,
              message:
                'This file must not know HTTP. Throw a DomainError, which the problem filter maps to a status. (http-free-core)',
            },
          ],
        },
      ],
    },
  },
  {
    // Command-line programs print to stdout.
    files: [
      'src/cli.ts',
      'src/commands/**/*.ts',
      'local/**/*.ts',
      'sandbox/**/*.ts',
      'sample-app/**/*.ts',
      'bench/**/*.ts',
      'tools/**/*.ts',
      'test/support/**/*.ts',
      'test/browser/**/*.ts',
      'test/crash/**/*.ts',
    ],
    rules: { 'no-console': 'off' },
  },
);
