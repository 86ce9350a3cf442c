// The configuration of npm run test:documents. These tests need bash and curl, and run "npm start", which starts its own
// Postgres. "npm test" needs nothing but Node, so it runs none of them.
const { globalTeardown, ...shared } = require('./jest.config.cjs');

/** @type {import('jest').Config} */
module.exports = {
  ...shared,
  globalSetup: undefined,
  testMatch: ['<rootDir>/test/documents/**/*.documents-spec.ts'],
  testTimeout: 120_000,
  maxWorkers: 1,
};
