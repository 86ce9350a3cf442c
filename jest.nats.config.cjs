// The configuration of npm run test:nats. These tests need the NATS server of Debian. "npm test" needs nothing but Node, so
// it runs none of them.
const shared = require('./jest.config.cjs');

/** @type {import('jest').Config} */
module.exports = {
  ...shared,
  globalSetup: '<rootDir>/test/nats/support/global-setup.ts',
  testMatch: ['<rootDir>/test/nats/**/*.nats-spec.ts'],
  testTimeout: 300_000,
  maxWorkers: 1,
};
