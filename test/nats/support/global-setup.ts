import { findDebianProgram } from '../../deployment/support/debian-program';
import startTestDatabase from '../../support/global-setup';
import { NATS_SERVER } from './nats-server';

/** Starts the test database. Fails before all tests, instead of in each test, when the NATS server is missing. */
export default async function globalSetup(): Promise<void> {
  findDebianProgram(NATS_SERVER);
  await startTestDatabase();
}
