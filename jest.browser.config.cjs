// For npm run test:browser. The tests run "npm start", which brings its own database, so the test database is not set up.
const { globalTeardown, ...shared } = require('./jest.config.cjs');

/** @type {import('jest').Config} */
module.exports = {
  ...shared,
  globalSetup: '<rootDir>/test/browser/global-setup.ts',
  testMatch: ['<rootDir>/test/browser/**/*.browser-spec.ts'],
  testTimeout: 60_000,
  maxWorkers: 1,
};
