// npm run test:browser: starts everything like a person would, so it needs no database of the tests.
const { globalTeardown, ...shared } = require('./jest.config.cjs');

/** @type {import('jest').Config} */
module.exports = {
  ...shared,
  globalSetup: '<rootDir>/test/browser/global-setup.ts',
  testMatch: ['<rootDir>/test/browser/**/*.browser-spec.ts'],
  testTimeout: 60_000,
  maxWorkers: 1,
};
