/**
 * Every way in which the sandbox can be told to behave unlike a well-meaning Terra, as data.
 *
 * The table is the only list: the type `Behaviour`, the control page and the control API are derived from it.
 * Where Terra's documents disagree, each documented form is one choice of a switch.
 */

/** One answer for one coming API call: a status code, or a way of misbehaving. `ok` lets that call through. */
export type FaultStep = number | 'ok' | 'html' | 'truncated' | 'huge' | 'stall' | 'reset';

interface Switch<T> {
  initially: T;
  means: string;
  /** What may be chosen, for people; empty for free values. */
  choices: readonly string[];
  /** Takes JSON values and the text of an HTML form alike; throws `BehaviourError` for anything else. */
  accept: (value: unknown) => T;
}

export class BehaviourError extends Error {}

export const SWITCHES = {
  legacyGone: onOff(false, 'generateWidgetSession answers 410, as it does to accounts made after 3 Sep 2026'),
  currentMissing: onOff(false, 'POST /api/widget/session answers 404: this account does not have it yet'),
  refuseCredentials: onOff(false, 'every private call is refused as if the API key had been rotated'),
  noSourceEnabled: onOff(false, 'no provider is enabled in this environment'),
  userCapReached: onOff(false, 'the widget refuses new users before the provider page (50 users in testing)'),
  userInfoShape: choice(['array', 'users', 'user'], 'array', 'what userInfo?reference_id= answers with'),
  unknownReference: choice(['404', 'empty'], '404', 'what userInfo answers for a reference nobody has'),
  emptyLists: onOff(false, 'userInfo?reference_id= and subscriptions answer success with nobody in it'),
  subscriptionsShape: choice(['flat', 'nested'], 'flat', 'how a page of subscriptions is wrapped'),
  syntheticUsers: count(
    0,
    'how many generated users subscriptions lists after the real ones; they can be looked up, not deauthenticated',
  ),
  failedAuthForm: choice(
    ['auth_cancelled', 'auth_error'],
    'auth_cancelled',
    'how a failed attempt is reported: the new event, or the old auth with status error',
  ),
  referenceAt: choice(['both', 'user', 'top'], 'both', 'where an auth event carries reference_id'),
  sendWidgetSessionId: onOff(true, 'auth events carry widget_session_id'),
  reauthOldUser: choice(['present', 'null'], 'present', 'whether user_reauth names the old user'),
  accountElsewhere: choice(
    ['keep', 'replace'],
    'keep',
    'same provider account under another reference: both stay, or the old one is moved',
  ),
  missingUserId: choice(['null', 'absent'], 'null', 'how a redirect says that there is no user_id'),
  redirectAfterWebhooks: onOff(
    false,
    'the browser is sent back only after the webhooks of the attempt were tried',
  ),

  faultsOnlyOn: text('', 'the faults below hit only API paths that contain this text; empty: all of them'),
  delayMs: count(0, 'milliseconds to wait before any API answer'),
  failWith: steps(
    'answers for the next API calls, one each: 500, 503, 429, html, truncated, huge, stall, reset, ok',
  ),
  failEvery: count(0, 'every n-th API call answers 500: 2 is every second one, 0 none'),
  okWithStatusError: onOff(false, 'API calls answer 200 with status "error"'),
  stall: onOff(false, 'API calls are never answered'),
  down: onOff(false, 'API and widget connections are reset'),

  webhooks: choice(
    ['on', 'off', 'duplicated', 'reordered'],
    'on',
    'off loses them (they can be resent), duplicated sends each twice, reordered sends a burst last-first',
  ),
  webhookDelayMs: count(0, 'milliseconds before the first attempt of each webhook'),
  deauthDelayMs: count(50, 'milliseconds between a deauthentication and its webhook'),
  signatureHeaders: choice(
    ['both', 'x-terra-signature', 'terra-signature'],
    'both',
    'which signature headers are sent',
  ),
  sendTraceId: onOff(true, 'webhooks carry X-Terra-Trace-Id'),
  sendReference: onOff(true, 'webhooks carry terra-reference'),
  sendOrderingTimestamp: onOff(true, 'webhooks carry X-Terra-Ordering-Timestamp'),
  retryTimestamp: choice(['refreshed', 'original'], 'refreshed', 'the t= of a retry'),
  retryBaseMs: count(1_000, 'first pause between attempts, doubling each time (Terra: 30,000)'),
  retryCapMs: count(8 * 3_600_000, 'longest pause between attempts'),
  retryLimit: count(10, 'retries after the first attempt'),
  webhookTimeoutMs: count(8_000, 'how long a receiver may take to answer'),
};

export type SwitchName = keyof typeof SWITCHES;
export type Behaviour = { [Name in SwitchName]: (typeof SWITCHES)[Name]['initially'] };

export function initialBehaviour(): Behaviour {
  const initial = Object.entries(SWITCHES).map(([name, { initially }]) => [name, structuredClone(initially)]);
  return Object.fromEntries(initial) as Behaviour;
}

/** Checks the whole patch before it changes anything, so that a typo does not leave half of it in force. */
export function applyBehaviour(behaviour: Behaviour, patch: Record<string, unknown>): void {
  const checked = Object.entries(patch).map(([name, value]) => {
    const found = (SWITCHES as unknown as Record<string, Switch<unknown> | undefined>)[name];
    if (!found || !Object.hasOwn(SWITCHES, name)) throw new BehaviourError(`There is no switch "${name}".`);
    try {
      return [name, found.accept(value)] as const;
    } catch (error) {
      throw error instanceof BehaviourError ? new BehaviourError(`${name}: ${error.message}`) : error;
    }
  });
  Object.assign(behaviour, Object.fromEntries(checked));
}

function onOff(initially: boolean, means: string): Switch<boolean> {
  const accept = (value: unknown): boolean => {
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    throw new BehaviourError('takes true or false');
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
    if (chosen === undefined) throw new BehaviourError(`takes one of ${choices.join(', ')}`);
    return chosen;
  };
  return { initially, means, choices, accept };
}

function count(initially: number, means: string): Switch<number> {
  const accept = (value: unknown): number => {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 0) {
      throw new BehaviourError('takes a whole number from 0');
    }
    return number;
  };
  return { initially, means, choices: [], accept };
}

function text(initially: string, means: string): Switch<string> {
  const accept = (value: unknown): string => {
    if (typeof value !== 'string') throw new BehaviourError('takes text');
    return value;
  };
  return { initially, means, choices: [], accept };
}

function steps(means: string): Switch<FaultStep[]> {
  const words: readonly unknown[] = ['ok', 'html', 'truncated', 'huge', 'stall', 'reset'];
  const accept = (value: unknown): FaultStep[] => {
    const list: unknown[] = Array.isArray(value) ? value : String(value).split(',');
    return list
      .filter((item) => item !== '')
      .map((item) => {
        const step = typeof item === 'string' ? item.trim() : item;
        if (words.includes(step)) return step as FaultStep;
        const status = Number(step);
        if (Number.isInteger(status) && status >= 200 && status <= 599) return status;
        throw new BehaviourError(`takes status codes and ${words.join(', ')}`);
      });
  };
  return { initially: [], means, choices: [], accept };
}
