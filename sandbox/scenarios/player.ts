import type { Account } from '../account/account';
import { toWireUser, type WireUser } from '../account/linked-user';
import { findProvider } from '../account/providers';
import { applyBehaviour, InvalidRequestError, type Behaviour } from '../behaviour';
import type { DataSender } from '../data/data-sender';
import type { DeliveryState } from '../webhooks/delivery';
import type { WebhookDispatcher } from '../webhooks/dispatcher';
import { ScenarioRun } from './scenario-run';
import { findScenario, type Scenario } from './scenarios';

export interface PlayOptions {
  /** Reference id of the end user; default `scenario-<name>`. */
  referenceId?: string;
  /** Provider of the account; default: the provider of the scenario. */
  provider?: string;
  /** Switches that replace those of the scenario, such as a shorter delay. */
  switches?: Partial<Behaviour>;
}

/** An active scenario, with the users and webhooks that its steps created. */
export interface PlayedScenario {
  name: string;
  referenceId: string;
  provider: string;
  switches: Partial<Behaviour>;
  /** Created users, oldest first. A user that a later step replaced is not active. */
  users: WireUser[];
  deliveries: { id: string; type: string; state: DeliveryState }[];
}

export interface PlayerDependencies {
  account: Account;
  behaviour: Behaviour;
  dispatcher: WebhookDispatcher;
  data: DataSender;
  resetBehaviour: () => void;
  closing: AbortSignal;
}

export function defaultReference(name: string): string {
  return `scenario-${name}`;
}

/** Plays one scenario at a time: a parallel one would change the switches of the first. */
export class ScenarioPlayer {
  private lastPlay: Promise<unknown> = Promise.resolve();

  constructor(private readonly deps: PlayerDependencies) {}

  play(name: string, options: PlayOptions = {}): Promise<PlayedScenario> {
    const played = this.lastPlay.then(() => this.run(name, options));
    this.lastPlay = played.catch(() => undefined);
    return played;
  }

  private async run(name: string, options: PlayOptions): Promise<PlayedScenario> {
    const { account, behaviour, dispatcher, data, resetBehaviour, closing } = this.deps;
    const scenario = findScenario(name);
    const referenceId = options.referenceId || defaultReference(name);
    const provider = resolveProvider(scenario, options.provider || scenario.provider);
    const retired: Partial<Behaviour> = scenario.retiresProvider ? { retiredProviders: provider } : {};
    const switches: Partial<Behaviour> = { ...scenario.switches, ...retired, ...options.switches };

    resetBehaviour();
    applyBehaviour(behaviour, switches);
    const run = new ScenarioRun({ account, dispatcher, data, referenceId, provider, closing });
    await scenario.steps?.(run);
    const users = run.users.map((user) => ({ ...toWireUser(user), active: account.users.has(user.userId) }));
    const deliveries = run.deliveries.map(({ id, type, state }) => ({ id, type, state }));
    return { name, referenceId, provider, switches, users, deliveries };
  }
}

function resolveProvider(scenario: Scenario, code: string): string {
  const provider = findProvider(code);
  if (!provider) throw new InvalidRequestError(`There is no provider "${code}".`);
  const onPhone = findProvider(scenario.provider)?.phoneOnly;
  if (provider.phoneOnly !== onPhone) {
    const where = onPhone ? 'on a phone (APPLE, HEALTH_CONNECT, SAMSUNG)' : 'in the browser, not on a phone';
    throw new InvalidRequestError(
      `${provider.code} does not fit. This scenario needs a provider that is linked ${where}.`,
    );
  }
  return provider.code;
}
