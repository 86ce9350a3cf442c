import type { DebianProgram } from './debian-program';

/** Version 1, the last one in Python. It reads a file without a Docker daemon. */
export const DOCKER_COMPOSE: DebianProgram = {
  command: 'docker-compose',
  debianPackage: 'docker-compose',
  variable: 'DOCKER_COMPOSE',
};
