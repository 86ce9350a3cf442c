import type { TerraConnectOptions } from '../../src';
import type { Sandbox } from '../../sandbox';
import { TEST_CREDENTIALS } from './sandbox';

/** The options of a host application that uses the sandbox as Terra. */
export function hostOptions(
  sandbox: Sandbox,
  others: Partial<TerraConnectOptions> = {},
): TerraConnectOptions {
  return {
    publicUrl: 'http://localhost:9',
    terra: {
      ...TEST_CREDENTIALS,
      signingSecrets: [TEST_CREDENTIALS.signingSecret],
      apiUrl: sandbox.apiUrl,
      widgetUrl: sandbox.widgetUrl,
      widgetGeneration: 'auto',
      signatureToleranceSeconds: 300,
    },
    returnUrls: [],
    workersEnabled: false,
    ...others,
  };
}
