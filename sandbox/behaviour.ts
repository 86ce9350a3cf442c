/**
 * The switches of the sandbox, as data. Each changes one behaviour of the fake Terra.
 *
 * These tables are the only list: the type `Behaviour`, the control page and the control API use them. Where Terra's
 * documents disagree, each documented form is one choice of a switch.
 */

/** The answer to one future API call: a status code or a fault. `ok` lets the call through. */
export type FaultStep = number | 'ok' | 'html' | 'truncated' | 'huge' | 'stall' | 'reset';

interface Switch<T> {
  initially: T;
  means: string;
  /** The choices that the control page offers; empty for free values. */
  choices: readonly string[];
  /** Accepts a JSON value or the text of a form field; throws `InvalidRequestError` for anything else. */
  accept: (value: unknown) => T;
}

/** A control request with an unknown name or an invalid value; the control API answers 400. */
export class InvalidRequestError extends Error {}

const ACCOUNT = {
  legacyGone: onOff(
    false,
    'generateWidgetSession answers 410, as for Terra accounts created after 3 Sep 2026',
  ),
  currentMissing: onOff(
    false,
    'POST /api/widget/session answers 404, as for Terra accounts that do not have this endpoint yet',
  ),
  rejectCredentials: onOff(false, 'private API calls fail, as after a rotation of the API key'),
  noSourceEnabled: onOff(false, 'no provider is enabled in this environment'),
  retiredProviders: text(
    '',
    'codes of providers, separated by commas, that the catalogue and the widget no longer offer; users stay',
  ),
  userCapReached: onOff(
    false,
    'the account has 50 users, the limit in testing, and the widget rejects new users before the provider page',
  ),
  userInfoShape: choice(['array', 'users', 'user'], 'array', 'shape of the answer to userInfo?reference_id='),
  unknownReference: choice(
    ['404', 'empty'],
    '404',
    'answer to userInfo?reference_id= for an unknown reference',
  ),
  emptyLists: onOff(false, 'userInfo?reference_id= and subscriptions answer success with an empty list'),
  subscriptionsShape: choice(['flat', 'nested'], 'flat', 'shape of a page of subscriptions'),
  syntheticUsers: count(
    0,
    'number of generated users after the real ones in subscriptions; userInfo finds them, deauthenticateUser does not',
  ),
};
const CONNECTING = {
  failedAuthForm: choice(
    ['auth_cancelled', 'auth_error'],
    'auth_cancelled',
    'event of a failed attempt: the new form, or the old form (auth with status error)',
  ),
  referenceAt: choice(['both', 'user', 'top'], 'both', 'position of reference_id in an auth event'),
  sendWidgetSessionId: onOff(true, 'auth events carry widget_session_id'),
  reauthOldUser: choice(['present', 'null'], 'present', 'whether user_reauth names the old user'),
  sendUserReauth: onOff(
    true,
    'a reconnect sends user_reauth after auth; off: auth alone, as for Terra accounts on API version 2022-12-12',
  ),
  reauthDelayMs: count(0, 'milliseconds between auth and user_reauth of a reconnect'),
  accountElsewhere: choice(
    ['keep', 'replace'],
    'keep',
    'another reference connects the same provider account: keep both users, or replace the old user',
  ),
  missingUserId: choice(
    ['null', 'absent'],
    'null',
    'user_id parameter of a redirect without a user: the text null, or absent',
  ),
  redirectAfterWebhooks: onOff(
    false,
    'the browser returns only after the first delivery attempt of the webhooks',
  ),
};
const FAULTS = {
  faultsOnlyOn: text(
    '',
    'the faults below affect only API paths that contain this text, or all paths when it is empty',
  ),
  delayMs: count(0, 'milliseconds before each API answer'),
  failWith: faultSteps(
    'answers for the next API calls, one each: 500, 503, 429, html, truncated, huge, stall, reset, ok',
  ),
  failEvery: count(0, 'every n-th API call answers 500: 2 means every second call, 0 means none'),
  okWithStatusError: onOff(false, 'API calls answer 200 with status "error"'),
  stall: onOff(false, 'API calls are never answered'),
  down: onOff(false, 'TCP connections to the API and the widget are reset'),
};
const WEBHOOKS = {
  webhooks: choice(
    ['on', 'off', 'duplicated', 'reordered'],
    'on',
    'off drops webhooks (resend sends them), duplicated sends each twice, reordered sends a burst in reverse order',
  ),
  webhookDelayMs: count(0, 'milliseconds before the first attempt of each webhook'),
  deauthFails: onOff(
    false,
    'deauthenticateUser answers 500 to every call, although it ends the user, as Terra did until January 2026',
  ),
  deauthDelayMs: count(50, 'milliseconds between a deauthentication and its webhook'),
  signatureHeaders: choice(
    ['both', 'x-terra-signature', 'terra-signature'],
    'both',
    'signature headers of webhooks',
  ),
  sendTraceId: onOff(true, 'webhooks carry X-Terra-Trace-Id'),
  sendReference: onOff(true, 'webhooks carry terra-reference'),
  sendOrderingTimestamp: onOff(true, 'webhooks carry X-Terra-Ordering-Timestamp'),
  retryTimestamp: choice(['refreshed', 'original'], 'refreshed', 't= in the signature of a retry'),
  retryBaseMs: count(1_000, 'milliseconds before the first retry; doubles with each retry (Terra: 30,000)'),
  retryCapMs: count(8 * 3_600_000, 'maximum of milliseconds between attempts'),
  retryLimit: count(10, 'retries after the first attempt'),
  webhookTimeoutMs: count(8_000, 'milliseconds that a receiver has to answer'),
};
const DATA = {
  dataAfterConnect: onOff(
    false,
    'a connection is followed by athlete, daily, sleep and activity data, and then by an updated daily in an interval',
  ),
  dataDelayMs: count(1_000, 'milliseconds between a connection and its first data'),
  dataIntervalMs: count(30_000, 'milliseconds between two updates of daily; 0 means none'),
  dataAs: choice(
    ['body', 'pointer'],
    'body',
    'health data arrives as the body of the webhook, or as an s3_payload with a URL of the body',
  ),
  pointerSeconds: count(300, 'seconds until the URL of an s3_payload expires'),
};

export const SWITCHES = { ...ACCOUNT, ...CONNECTING, ...FAULTS, ...WEBHOOKS, ...DATA };

export type SwitchName = keyof typeof SWITCHES;
/** The groups of the control page. */
export const SWITCH_GROUPS = Object.entries({
  'Terra account': ACCOUNT,
  Connecting: CONNECTING,
  'Faults of the API': FAULTS,
  Webhooks: WEBHOOKS,
  'Health data': DATA,
}).map(([title, switches]) => ({ title, names: Object.keys(switches) as SwitchName[] }));

export type Behaviour = { [Name in SwitchName]: (typeof SWITCHES)[Name]['initially'] };

export function initialBehaviour(): Behaviour {
  const initial = Object.entries(SWITCHES).map(([name, { initially }]) => [name, structuredClone(initially)]);
  return Object.fromEntries(initial) as Behaviour;
}

/** Validates the whole patch before it sets a switch, so that a patch with a typo changes nothing. */
export function applyBehaviour(behaviour: Behaviour, patch: Record<string, unknown>): void {
  const checked = Object.entries(patch).map(([name, value]) => {
    const found = (SWITCHES as unknown as Record<string, Switch<unknown> | undefined>)[name];
    if (!found || !Object.hasOwn(SWITCHES, name))
      throw new InvalidRequestError(`There is no switch "${name}".`);
    try {
      return [name, found.accept(value)] as const;
    } catch (error) {
      throw error instanceof InvalidRequestError
        ? new InvalidRequestError(`${name} ${error.message}`)
        : error;
    }
  });
  Object.assign(behaviour, Object.fromEntries(checked));
}

function onOff(initially: boolean, means: string): Switch<boolean> {
  const accept = (value: unknown): boolean => {
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    throw new InvalidRequestError('must be true or false');
  };
  return { initially, means, choices: ['true', 'false'], accept };
}

function choice<const T extends string>(
  choices: readonly T[],
  initially: NoInfer<T>,
  means: string,
): Switch<T> {
  const accept = (value: unknown): T => {
    const chosen = choices.find((candidate) => candidate === value);
    if (chosen === undefined) throw new InvalidRequestError(`must be one of ${choices.join(', ')}`);
    return chosen;
  };
  return { initially, means, choices, accept };
}

function count(initially: number, means: string): Switch<number> {
  const accept = (value: unknown): number => {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 0) {
      throw new InvalidRequestError('must be a whole number from 0');
    }
    return number;
  };
  return { initially, means, choices: [], accept };
}

function text(initially: string, means: string): Switch<string> {
  const accept = (value: unknown): string => {
    if (typeof value !== 'string') throw new InvalidRequestError('must be a string');
    return value;
  };
  return { initially, means, choices: [], accept };
}

function faultSteps(means: string): Switch<FaultStep[]> {
  const faults: readonly unknown[] = ['ok', 'html', 'truncated', 'huge', 'stall', 'reset'];
  const accept = (value: unknown): FaultStep[] => {
    const list: unknown[] = Array.isArray(value) ? value : String(value).split(',');
    return list
      .filter((item) => item !== '')
      .map((item) => {
        const step = typeof item === 'string' ? item.trim() : item;
        if (faults.includes(step)) return step as FaultStep;
        const status = Number(step);
        if (Number.isInteger(status) && status >= 200 && status <= 599) return status;
        throw new InvalidRequestError(`must be a list of status codes or ${faults.join(', ')}`);
      });
  };
  return { initially: [], means, choices: [], accept };
}
