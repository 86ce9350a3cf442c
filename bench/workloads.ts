import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto';
import { PROVIDERS, REFERENCE_PREFIX, RETURN_URL, type Credentials } from './credentials';

/** A request with the answer that it must get. */
export interface PlannedRequest {
  method: 'GET' | 'POST';
  path: string;
  headers: Record<string, string>;
  body?: string;
  status: number;
  /** Text that the body of the answer must contain. */
  contains?: string;
  /** The end user whom the delivery connects. */
  connects?: string;
  /** The id of the summary in health data, by which the event that leaves can be recognised. */
  summaryId?: string;
}

/** Creates the next request. No two requests are the same. */
export type Workload = (credentials: Credentials) => PlannedRequest;
export type WorkloadName = 'sessions' | 'deliveries' | 'links' | 'connections';

// Unique per load process, so that the requests of two runs differ.
const RUN = randomBytes(6).toString('hex');
const SHARE_OF_DATA = 0.8;
const SHARE_OF_AUTH = 0.12;
const REMEMBERED_USERS = 5_000;
let count = 0;

export const WORKLOADS: Record<WorkloadName, Workload> = {
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

  /** Signed deliveries as Terra sends them: 80 % health data of 3 KB, 12 % new links, 8 % other changes of links. */
  deliveries: ({ terraSigningSecret, endUsers }) => {
    const kind = Math.random();
    if (kind < SHARE_OF_DATA) {
      const summaryId = randomUUID();
      return { ...signed(terraSigningSecret, dataEvent(endUsers, summaryId)), summaryId };
    }
    const known = kind < SHARE_OF_DATA + SHARE_OF_AUTH ? undefined : users.pop();
    if (known) return signed(terraSigningSecret, changeEvent(known));
    const user = newUser();
    if (users.length < REMEMBERED_USERS) users.push(user);
    return { ...signed(terraSigningSecret, authEvent(user)), connects: user.reference_id };
  },

  /** Only new links. Each makes exactly one event. */
  links: ({ terraSigningSecret }) => {
    const user = newUser();
    return { ...signed(terraSigningSecret, authEvent(user)), connects: user.reference_id };
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

interface User {
  user_id: string;
  provider: string;
  created_at: string;
  last_webhook_update: null;
  scopes: string;
  reference_id: string;
  active: boolean;
}

/** The users whom this sender has connected. The changes of links are about them, the oldest ones last. */
const users: User[] = [];

function nextName(): string {
  count += 1;
  return `bench-${RUN}-${count}`;
}

function newUser(): User {
  return userOf(randomUUID(), 'GARMIN', nextName());
}

function userOf(userId: string, provider: string, referenceId: string): User {
  return {
    user_id: userId,
    provider,
    created_at: new Date().toISOString(),
    last_webhook_update: null,
    scopes: 'activity,body,daily,menstruation,sleep',
    reference_id: referenceId,
    active: true,
  };
}

function signed(secret: string, body: string): PlannedRequest {
  const seconds = Math.floor(Date.now() / 1_000);
  const digest = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
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
}

function authEvent(user: User): string {
  return JSON.stringify({
    type: 'auth',
    status: 'success',
    message: 'user successfully authenticated',
    flow_id: randomUUID(),
    widget_session_id: randomUUID(),
    user,
    reference_id: user.reference_id,
    version: '2022-03-16',
  });
}

function changeEvent(user: User): string {
  const [type, status] = Math.random() < 0.5 ? ['deauth', 'success'] : ['connection_error', 'warning'];
  return JSON.stringify({ type, status, message: 'bench', user, version: '2022-03-16' });
}

const SAMPLES = Array.from({ length: 34 }, (_, n) => ({
  timestamp: `2026-11-23T${String(n % 24).padStart(2, '0')}:30:00.000000+00:00`,
  bpm: 60 + n,
  context: 0,
}));

/** The health data of a connected user of the seed, about 3 KB. */
function dataEvent(endUsers: number, summaryId: string): string {
  const n = 1 + Math.floor(Math.random() * endUsers);
  const provider = PROVIDERS[n % PROVIDERS.length] ?? '';
  const userId = createHash('md5').update(`${provider}${n}`).digest('hex');
  return JSON.stringify({
    type: 'daily',
    status: 'success',
    user: userOf(userId, provider, `${REFERENCE_PREFIX}${n}`),
    data: [
      {
        metadata: {
          summary_id: summaryId,
          start_time: '2026-11-23T00:00:00+00:00',
          end_time: '2026-11-24T00:00:00+00:00',
        },
        heart_rate_data: { detailed: { hr_samples: SAMPLES }, summary: { avg_hr_bpm: 61 } },
        distance_data: { steps: Math.floor(Math.random() * 20_000), distance_meters: 8_123.5 },
        calories_data: { total_burned_calories: 2_212.5, BMR_calories: 1_700 },
      },
    ],
    version: '2022-03-16',
  });
}
