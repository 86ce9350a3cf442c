// The configuration of npm run test:hosts. These tests install the package into host applications, and so need a package
// registry. "npm test" needs nothing but Node, so it runs none of them.
const shared = require('./jest.config.cjs');

/** @type {import('jest').Config} */
module.exports = {
  ...shared,
  testMatch: ['<rootDir>/test/hosts/**/*.hosts-spec.ts'],
  testTimeout: 120_000,
  maxWorkers: 1,
};
