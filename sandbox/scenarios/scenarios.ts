import type { Behaviour } from '../behaviour';
import type { Stage } from './stage';

/**
 * What can go wrong between Terra and a service, by name, as data.
 *
 * The table is the only list: the type `ScenarioName`, the control page, the control API and the command line are
 * derived from it.
 */
export interface Scenario {
  /** What Terra does, and what the service should make of it. */
  means: string;
  /** In force until the switches are reset; all others are as at the start. */
  switches: Partial<Behaviour>;
  /** Whose account it is about, unless somebody asks for another. A phone's can stand only for another phone's. */
  provider: string;
  /** What befalls the person of the reference. Without it, the switches are all there is. */
  play?: (stage: Stage) => void | Promise<void>;
}

const IN_BROWSER = 'GARMIN';
const ON_PHONE = 'APPLE';

const connect = (stage: Stage): void => stage.connect();
const connectTwice = async (stage: Stage): Promise<void> => {
  stage.connect();
  await stage.later();
  stage.connect();
};

export const SCENARIOS = {
  'lost-webhook': {
    means:
      'An account is connected and no webhook is ever sent: ' +
      'the connection must show up by the landing of the browser or by a reconcile.',
    switches: { webhooks: 'off' },
    provider: IN_BROWSER,
    play: connect,
  },
  duplicated: {
    means:
      'Every webhook of a connect and a reconnect is delivered twice, under one trace id: ' +
      'one connection, and each fact once in its history.',
    switches: { webhooks: 'duplicated' },
    provider: IN_BROWSER,
    play: connectTwice,
  },
  reordered: {
    means:
      'A reconnect is told backwards, user_reauth first and the first auth last: ' +
      'one connection, active, with the Terra user id of the second auth.',
    switches: { webhooks: 'reordered' },
    provider: IN_BROWSER,
    play: connectTwice,
  },
  late: {
    means:
      'An account is connected and its webhook comes five seconds later, with the time of the connecting on it: ' +
      'a landing or a reconcile may be first, and what is newer must not be undone.',
    switches: { webhookDelayMs: 5_000 },
    provider: IN_BROWSER,
    play: connect,
  },
  reauth: {
    means:
      'The same account is connected twice, told by auth, then by auth and user_reauth with a new Terra user id: ' +
      'one connection that keeps our id and has had two identities.',
    switches: {},
    provider: IN_BROWSER,
    play: connectTwice,
  },
  'reauth-null-old': {
    means:
      'The same account is connected twice, but user_reauth does not name the old user: ' +
      'one connection that keeps our id, as in reauth.',
    switches: { reauthOldUser: 'null' },
    provider: IN_BROWSER,
    play: connectTwice,
  },
  'moved-account': {
    means:
      'The account of one person is connected by another, "<reference>-other", and Terra moves it: ' +
      'the first connection ends as moved, the other person gets one of their own, and neither reads the other.',
    switches: { accountElsewhere: 'replace' },
    provider: IN_BROWSER,
    play: async (stage) => {
      stage.connect();
      await stage.later();
      stage.connect(`${stage.referenceId}-other`);
    },
  },
  'phone-provider': {
    means:
      'Two phones spend a token each, with no browser and no widget, and the second replaces the first: ' +
      'one connection, active, with the Terra user id of the second phone.',
    switches: {},
    provider: ON_PHONE,
    play: async (stage) => {
      stage.connectPhone('first phone');
      await stage.later();
      stage.connectPhone('second phone');
    },
  },
  'user-cap': {
    means:
      'The widget says "User Limit Reached" before the page of the provider, and the browser never comes back: ' +
      'the session stays open until it expires, and people who are connected stay connected.',
    switches: { userCapReached: true },
    provider: IN_BROWSER,
  },
  'gone-410': {
    means:
      'generateWidgetSession answers 410, as to accounts made after 3 Sep 2026: sessions start at the current ' +
      'endpoint, and a service that may use only the legacy one says which setting to check.',
    switches: { legacyGone: true },
    provider: IN_BROWSER,
  },
  'empty-list': {
    means:
      'An account is connected, but userInfo and subscriptions answer success with nobody in them: ' +
      'no such answer may disconnect anybody by itself, and a sweep stops and reports.',
    switches: { emptyLists: true },
    provider: IN_BROWSER,
    play: connect,
  },
  slow: {
    means:
      'An account is connected, and every answer of the API takes three seconds: sessions start, a landing shows ' +
      'at worst that the connection is pending, and webhooks are taken as fast as ever.',
    switches: { delayMs: 3_000 },
    provider: IN_BROWSER,
    play: connect,
  },
  'flaky-500': {
    means:
      'An account is connected, and every second API call answers 500: what may be repeated gets through, ' +
      'and what may not, such as starting a session, ends in a 503 that says when to try again.',
    switches: { failEvery: 2 },
    provider: IN_BROWSER,
    play: connect,
  },
  'terra-down': {
    means:
      'An account is connected, and then every connection to the API and the widget is reset: sessions fail with 503 ' +
      'and Retry-After, connections stay as they are, and disconnects wait until Terra is back.',
    switches: { down: true },
    provider: IN_BROWSER,
    play: connect,
  },
} satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof SCENARIOS;

export class UnknownScenarioError extends Error {
  constructor(name: string) {
    super(`There is no scenario "${name}". Scenarios: ${Object.keys(SCENARIOS).join(', ')}`);
  }
}

export function findScenario(name: string): Scenario {
  if (!Object.hasOwn(SCENARIOS, name)) throw new UnknownScenarioError(name);
  return SCENARIOS[name as ScenarioName];
}
