import { randomBytes } from 'node:crypto';

export const RETURN_URL = 'https://app.example.com/devices';
/** Reference ids of the seed consist of this prefix and a number. */
export const REFERENCE_PREFIX = 'user-';
/** The providers at which each end user of the seed has a connection. */
export const PROVIDERS = ['GARMIN', 'OURA'];

/** Values that the load generator, the service, the peers and the sandbox share. */
export interface Credentials {
  apiKey: string;
  terraDevId: string;
  terraApiKey: string;
  terraSigningSecret: string;
  /** How many end users the seed of the loaded database has. */
  endUsers: number;
}

export function makeCredentials(connections: number): Credentials {
  return {
    apiKey: `tc_${randomBytes(32).toString('base64url')}`,
    terraDevId: `bench-${randomBytes(6).toString('hex')}`,
    terraApiKey: randomBytes(24).toString('base64url'),
    terraSigningSecret: randomBytes(24).toString('hex'),
    endUsers: endUsersFor(connections),
  };
}

export function endUsersFor(connections: number): number {
  return Math.max(1, Math.floor(connections / PROVIDERS.length));
}
