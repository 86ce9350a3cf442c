import { undeclared } from './undeclared';

// Every answer of the service in every suite must be one that openapi.json declares.
afterEach(() => {
  expect([...new Set(undeclared.splice(0))]).toEqual([]);
});
