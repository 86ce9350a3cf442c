// Nest 12 and its dependencies ship ES modules only. Jest can `require` ES modules only from Node 24.9 on, so jest
// compiles these packages to CommonJS, like our own TypeScript.
const swcToCommonJs = { module: { type: 'commonjs' }, jsc: { target: 'es2022' } };
const esModulePackages = [
  '@nestjs',
  'file-type',
  'token-types',
  'strtok3',
  'uint8array-extras',
  '@tokenizer',
  '@borewit',
];

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/{bench,src,sandbox,local,test}/**/*.spec.ts', '<rootDir>/test/**/*.e2e-spec.ts'],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  setupFilesAfterEnv: ['<rootDir>/test/support/after-each.ts'],
  testTimeout: 30_000,
  maxWorkers: 2,
  testSequencer: '<rootDir>/test/support/suite-sequencer.cjs',
  reporters: ['default', '<rootDir>/test/support/progress-reporter.cjs'],
  // The commands import each other by the names of their built files, as Node's ES modules require.
  moduleNameMapper: { '^(\\./[\\w-]+\\.commands?)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          keepClassNames: true,
        },
      },
    ],
    '^.+\\.m?js$': ['@swc/jest', swcToCommonJs],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esModulePackages.join('|')})/)`],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.data/'],
};
