// The configuration of npm run test:browser. These tests run "npm start", which starts its own Postgres, so this
// configuration sets up no test database.
const { globalTeardown, ...shared } = require('./jest.config.cjs');

/** @type {import('jest').Config} */
module.exports = {
  ...shared,
  globalSetup: '<rootDir>/test/browser/global-setup.ts',
  testMatch: ['<rootDir>/test/browser/**/*.browser-spec.ts'],
  testTimeout: 60_000,
  maxWorkers: 1,
};
