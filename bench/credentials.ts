import { randomBytes } from 'node:crypto';

export const RETURN_URL = 'https://app.example.com/devices';
/** Reference ids of the seed consist of this prefix and a number. */
export const REFERENCE_PREFIX = 'user-';

/** Values that the load generator, the service, the baseline and the sandbox share. */
export interface Credentials {
  apiKey: string;
  terraDevId: string;
  terraApiKey: string;
  terraSigningSecret: string;
  /** How many end users the seed creates. */
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
