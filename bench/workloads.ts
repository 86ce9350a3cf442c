import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { REFERENCE_PREFIX, RETURN_URL, type Credentials } from './credentials';

/** A request with the answer that it must get. */
export interface PlannedRequest {
  method: 'GET' | 'POST';
  path: string;
  headers: Record<string, string>;
  body?: string;
  status: number;
  /** Text that the body of the answer must contain. */
  contains?: string;
}

/** Creates the next request. No two requests are the same. */
export type Workload = (credentials: Credentials) => PlannedRequest;

// Unique per load process, so that the requests of two runs differ.
const RUN = randomBytes(6).toString('hex');
let count = 0;

export type WorkloadName = 'sessions' | 'terra-sessions' | 'webhooks' | 'connections';

export const WORKLOADS: Record<WorkloadName, Workload> = {
  /** Session creation at the service or at the baseline. */
  sessions: ({ apiKey }) => {
    const referenceId = nextName();
    return {
      method: 'POST',
      path: '/v1/connect-sessions',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        referenceId,
        providers: ['GARMIN', 'OURA'],
        returnUrl: RETURN_URL,
        metadata: { campaign: 'onboarding' },
      }),
      status: 201,
      contains: `"referenceId":"${referenceId}"`,
    };
  },

  /** The call to Terra that session creation makes, sent to the sandbox directly. */
  'terra-sessions': ({ terraDevId, terraApiKey }) => ({
    method: 'POST',
    path: '/api/widget/session',
    headers: { 'dev-id': terraDevId, 'x-api-key': terraApiKey, 'content-type': 'application/json' },
    body: JSON.stringify({
      reference_id: nextName(),
      auth_success_redirect_url: `${RETURN_URL}/${RUN}/success`,
      auth_failure_redirect_url: `${RETURN_URL}/${RUN}/failure`,
      providers: 'GARMIN,OURA',
    }),
    status: 201,
    contains: '"status":"success"',
  }),

  /** A webhook from Terra: a new Terra user is connected. */
  webhooks: ({ terraSigningSecret }) => {
    const body = authEvent(nextName());
    const seconds = Math.floor(Date.now() / 1_000);
    const digest = createHmac('sha256', terraSigningSecret).update(`${seconds}.${body}`).digest('hex');
    const signature = `t=${seconds},v1=${digest}`;
    return {
      method: 'POST',
      path: '/webhooks/terra',
      headers: {
        'content-type': 'application/json',
        'x-terra-signature': signature,
        'terra-signature': signature,
        'x-terra-trace-id': randomUUID(),
        'terra-reference': randomUUID(),
        'x-terra-ordering-timestamp': String(Date.now()),
      },
      body,
      status: 200,
    };
  },

  /** The connections of one end user. */
  connections: ({ apiKey, endUsers }) => {
    const referenceId = `${REFERENCE_PREFIX}${1 + Math.floor(Math.random() * endUsers)}`;
    return {
      method: 'GET',
      path: `/v1/connections?referenceId=${referenceId}`,
      headers: { authorization: `Bearer ${apiKey}` },
      status: 200,
      contains: `"referenceId":"${referenceId}"`,
    };
  },
};

function nextName(): string {
  count += 1;
  return `bench-${RUN}-${count}`;
}

function authEvent(referenceId: string): string {
  return JSON.stringify({
    type: 'auth',
    status: 'success',
    message: 'user successfully authenticated',
    flow_id: randomUUID(),
    widget_session_id: randomUUID(),
    user: {
      user_id: randomUUID(),
      provider: 'GARMIN',
      created_at: new Date().toISOString(),
      last_webhook_update: null,
      scopes: 'activity,body,daily,menstruation,sleep',
      reference_id: referenceId,
      active: true,
    },
    reference_id: referenceId,
    version: '2022-03-16',
  });
}
