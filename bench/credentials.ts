import { randomBytes } from 'node:crypto';

export const RETURN_URL = 'https://app.example.com/devices';
/** The end users of the seed: this and a number. */
export const REFERENCE_PREFIX = 'user-';

/** What callers, the service, its peer and the sandbox must agree on. */
export interface Credentials {
  apiKey: string;
  terraDevId: string;
  terraApiKey: string;
  terraSigningSecret: string;
  /** How many end users have connections. */
  endUsers: number;
}

export function makeCredentials(endUsers: number): Credentials {
  return {
    apiKey: `tc_${randomBytes(32).toString('base64url')}`,
    terraDevId: `bench-${randomBytes(6).toString('hex')}`,
    terraApiKey: randomBytes(24).toString('base64url'),
    terraSigningSecret: randomBytes(24).toString('hex'),
    endUsers,
  };
}
