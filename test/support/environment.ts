import { EnvironmentError, readEnvironment } from '../../src/config';

/** The smallest environment with which the service starts. */
export const COMPLETE_ENVIRONMENT = {
  PUBLIC_URL: 'https://connect.example.com/',
  DATABASE_URL: 'postgres://user:pass-7c1@db:5432/terra',
  TERRA_DEV_ID: 'acme-production-1',
  TERRA_API_KEY: 'key-5b2e',
  TERRA_SIGNING_SECRETS: 'secret-one-1, secret-two-2',
};

/** The problems that the service reports instead of starting with this environment. */
export function problemsOf(source: Record<string, string | undefined>): string[] {
  try {
    readEnvironment(source);
    return [];
  } catch (error) {
    if (error instanceof EnvironmentError) return error.problems;
    throw error;
  }
}
