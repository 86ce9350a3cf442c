import startTestDatabase from '../../support/global-setup';
import { DOCKER_COMPOSE } from './docker-compose';
import { findDebianProgram } from './debian-program';
import { NGINX } from './nginx';
import { PGBOUNCER } from './pgbouncer';

/** Starts the test database. Fails before all tests, instead of in each test, when a program is missing. */
export default async function globalSetup(): Promise<void> {
  findDebianProgram(NGINX);
  findDebianProgram(PGBOUNCER);
  findDebianProgram(DOCKER_COMPOSE);
  await startTestDatabase();
}
