import type { Behaviour } from '../behaviour';
import type { ScenarioRun } from './scenario-run';

/**
 * One named fault between Terra and a service, as data.
 *
 * The tables below are the only list: the type `ScenarioName`, the control page, the control API and the command
 * line use them.
 */
export interface Scenario {
  /** What Terra does, and what the service must do. */
  means: string;
  /** These switches stay set until a reset. All others have their initial values. */
  switches: Partial<Behaviour>;
  /** The provider of the account. A caller may choose another one of the same kind: phone or browser. */
  provider: string;
  /** Whether Terra no longer offers the provider, after the end user connected it; also another one that the caller chose. */
  retiresProvider?: boolean;
  /** What happens to the end user of the reference. Without steps, the scenario only sets its switches. */
  steps?: (run: ScenarioRun) => void | Promise<void>;
}

const BROWSER_PROVIDER = 'GARMIN';
const PHONE_PROVIDER = 'APPLE';

const connect = (run: ScenarioRun): void => run.connect();
const connectTwice = async (run: ScenarioRun): Promise<void> => {
  run.connect();
  await run.pause();
  run.connect();
};

const WEBHOOKS = {
  'lost-webhook': {
    means:
      'The end user connects an account, but Terra sends no webhook. ' +
      'Expected: the callback or a reconcile finds the account.',
    switches: { webhooks: 'off' },
    provider: BROWSER_PROVIDER,
    steps: connect,
  },
  duplicated: {
    means:
      'The end user connects and reconnects an account, and Terra delivers each webhook twice, under one trace id. ' +
      'Expected: one connection, with each fact once in its history.',
    switches: { webhooks: 'duplicated' },
    provider: BROWSER_PROVIDER,
    steps: connectTwice,
  },
  reordered: {
    means:
      'The end user reconnects an account, and Terra sends user_reauth first and the first auth last. ' +
      'Expected: one active connection, with the Terra user id of the second auth.',
    switches: { webhooks: 'reordered' },
    provider: BROWSER_PROVIDER,
    steps: connectTwice,
  },
  late: {
    means:
      'The end user connects an account, and the webhook arrives five seconds late, with the time of the connect. ' +
      'Expected: a callback or a reconcile may be first, and the webhook does not undo newer facts.',
    switches: { webhookDelayMs: 5_000 },
    provider: BROWSER_PROVIDER,
    steps: connect,
  },
} satisfies Record<string, Scenario>;
const DATA = {
  'data-before-auth': {
    means:
      'The end user connects an account, and its first health data arrives before the auth webhook. ' +
      'Expected: the data waits for its owner, and the connection becomes active as usual.',
    switches: { webhooks: 'reordered' },
    provider: BROWSER_PROVIDER,
    steps: (run) => {
      run.connect();
      run.sendData(['daily', 'sleep']);
    },
  },
  'data-after-disconnect': {
    means:
      "The end user disconnects the account in Terra's widget, but Terra still sends its health data. " +
      'Expected: the connection stays disconnected, and the data goes no further.',
    switches: {},
    provider: BROWSER_PROVIDER,
    steps: async (run) => {
      run.connect();
      await run.pause();
      run.disconnect();
      await run.pause();
      run.sendData(['daily', 'sleep'], 500);
    },
  },
} satisfies Record<string, Scenario>;
const RECONNECTS = {
  reauth: {
    means:
      'The end user connects the same account twice. Terra sends auth, then auth and user_reauth with a new Terra ' +
      'user id. Expected: one connection that keeps its id and has had two Terra users.',
    switches: {},
    provider: BROWSER_PROVIDER,
    steps: connectTwice,
  },
  'reauth-null-old': {
    means:
      'The end user connects the same account twice, but user_reauth does not name the old user. ' +
      'Expected: one connection that keeps its id, as in reauth.',
    switches: { reauthOldUser: 'null' },
    provider: BROWSER_PROVIDER,
    steps: connectTwice,
  },
  'reauth-never': {
    means:
      'The end user connects the same account twice, but Terra sends no user_reauth, as for Terra accounts on API ' +
      'version 2022-12-12. Expected: one connection that keeps its id, as in reauth.',
    switches: { sendUserReauth: false },
    provider: BROWSER_PROVIDER,
    steps: connectTwice,
  },
  'reauth-late': {
    means:
      'The end user connects the same account twice, and user_reauth arrives three seconds after auth. ' +
      'Expected: one connection that keeps its id, and at no time a second one.',
    switches: { reauthDelayMs: 3_000 },
    provider: BROWSER_PROVIDER,
    steps: connectTwice,
  },
  'moved-account': {
    means:
      'Another end user, "<reference>-other", connects the account of the first, and Terra moves it. ' +
      'Expected: the first connection ends as moved, the other end user gets a new connection, and neither sees the ' +
      'connection of the other.',
    switches: { accountElsewhere: 'replace' },
    provider: BROWSER_PROVIDER,
    steps: async (run) => {
      run.connect();
      await run.pause();
      run.connect(`${run.referenceId}-other`);
    },
  },
  'phone-provider': {
    means:
      'Two phones redeem one token each, without a browser, and the second phone replaces the first. ' +
      'Expected: one active connection, with the Terra user id of the second phone.',
    switches: {},
    provider: PHONE_PROVIDER,
    steps: async (run) => {
      run.connectPhone('first phone');
      await run.pause();
      run.connectPhone('second phone');
    },
  },
  'provider-retired': {
    means:
      'The end user has an account at a provider that then leaves the catalogue, as Fitbit did on 2 Nov 2026. Expected: ' +
      'after two checks (two minutes with npm start) the connection is needs_reauth (provider_retired), and a session with its connectionId connects ' +
      'the successor, GOOGLE_HEALTH, which ends the old connection.',
    switches: { retiredProviders: 'FITBIT' },
    provider: 'FITBIT',
    retiresProvider: true,
    steps: connect,
  },
} satisfies Record<string, Scenario>;
const ACCOUNT = {
  'user-cap': {
    means:
      'The account has 50 users. The widget shows "User Limit Reached" before the provider page, and the browser does ' +
      'not return. Expected: the session stays open until it expires, the diagnosis of the end user names the limit, ' +
      'and connected end users stay connected.',
    switches: { userCapReached: true },
    provider: BROWSER_PROVIDER,
  },
  'gone-410': {
    means:
      'generateWidgetSession answers 410, as for Terra accounts created after 3 Sep 2026. Expected: sessions use the ' +
      'current endpoint. A service that may use only the legacy endpoint starts no session, and the diagnosis names the ' +
      'setting to check.',
    switches: { legacyGone: true },
    provider: BROWSER_PROVIDER,
  },
  'empty-list': {
    means:
      'The end user connects an account, but userInfo and subscriptions answer success with an empty list. ' +
      'Expected: such an answer alone disconnects no account, a sweep awaits approval, and the diagnosis says that the ' +
      'list is wrong.',
    switches: { emptyLists: true },
    provider: BROWSER_PROVIDER,
    steps: connect,
  },
} satisfies Record<string, Scenario>;
const OUTAGES = {
  slow: {
    means:
      'The end user connects an account, and each API answer takes three seconds. Expected: sessions start, a ' +
      'callback shows at worst a pending connection, and the service accepts webhooks as fast as before.',
    switches: { delayMs: 3_000 },
    provider: BROWSER_PROVIDER,
    steps: connect,
  },
  'flaky-500': {
    means:
      'The end user connects an account, and every second API call answers 500. Expected: the service repeats the ' +
      'calls that are safe to repeat; other requests, such as a new session, get a 503 with Retry-After.',
    switches: { failEvery: 2 },
    provider: BROWSER_PROVIDER,
    steps: connect,
  },
  'terra-down': {
    means:
      'The end user connects an account; then Terra resets every TCP connection to the API and the widget. Expected: ' +
      'sessions fail with 503 and Retry-After, connections do not change, and disconnects wait until Terra answers.',
    switches: { down: true },
    provider: BROWSER_PROVIDER,
    steps: connect,
  },
} satisfies Record<string, Scenario>;

export const SCENARIOS = { ...WEBHOOKS, ...DATA, ...RECONNECTS, ...ACCOUNT, ...OUTAGES };

export type ScenarioName = keyof typeof SCENARIOS;

/** The groups of the control page. */
export const SCENARIO_GROUPS = Object.entries({
  'Webhooks get lost, late or twice': WEBHOOKS,
  'Health data without a connection': DATA,
  'End users reconnect, move or lose their provider': RECONNECTS,
  "Limits of Terra's account": ACCOUNT,
  'Terra is slow or down': OUTAGES,
}).map(([title, scenarios]) => ({ title, names: Object.keys(scenarios) as ScenarioName[] }));

export class UnknownScenarioError extends Error {
  constructor(name: string) {
    super(`There is no scenario "${name}". Scenarios: ${Object.keys(SCENARIOS).join(', ')}`);
  }
}

export function findScenario(name: string): Scenario {
  if (!Object.hasOwn(SCENARIOS, name)) throw new UnknownScenarioError(name);
  return SCENARIOS[name as ScenarioName];
}
