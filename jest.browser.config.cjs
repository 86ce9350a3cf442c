// npm run test:browser: starts everything like a person would, so it needs none of the other tests' set-up.
const { globalSetup, globalTeardown, ...shared } = require('./jest.config.cjs');

/** @type {import('jest').Config} */
module.exports = {
  ...shared,
  testMatch: ['<rootDir>/test/browser/**/*.browser-spec.ts'],
  testTimeout: 60_000,
  maxWorkers: 1,
};
