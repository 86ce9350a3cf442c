// The configuration of npm run test:deployment. These tests need programs of Debian that a deployment has beside the
// service: nginx and PgBouncer. "npm test" needs nothing but Node, so it runs none of them.
const shared = require('./jest.config.cjs');

/** @type {import('jest').Config} */
module.exports = {
  ...shared,
  globalSetup: '<rootDir>/test/deployment/support/global-setup.ts',
  testMatch: ['<rootDir>/test/deployment/**/*.deployment-spec.ts'],
  testTimeout: 300_000,
  maxWorkers: 1,
};
