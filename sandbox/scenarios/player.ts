import type { Account } from '../account/account';
import { toWireUser, type WireUser } from '../account/linked-user';
import { findProvider } from '../account/providers';
import { applyBehaviour, InvalidRequestError, type Behaviour } from '../behaviour';
import type { DeliveryState } from '../webhooks/delivery';
import type { WebhookDispatcher } from '../webhooks/dispatcher';
import { findScenario, type Scenario } from './scenarios';
import { Stage } from './stage';

export interface PlayOptions {
  /** Whom it happens to; default `scenario-<name>`. */
  referenceId?: string;
  /** Whose account; default the scenario's own. */
  provider?: string;
  /** In place of the scenario's own, such as a shorter delay. */
  switches?: Partial<Behaviour>;
}

/** A scenario that is in force, and what has happened at its start. */
export interface PlayedScenario {
  name: string;
  referenceId: string;
  provider: string;
  switches: Partial<Behaviour>;
  /** Made, oldest first; one that was replaced since is no longer active. */
  users: WireUser[];
  deliveries: { id: string; type: string; state: DeliveryState }[];
}

export interface PlayerDependencies {
  account: Account;
  behaviour: Behaviour;
  dispatcher: WebhookDispatcher;
  resetBehaviour: () => void;
  closing: AbortSignal;
}

export function defaultReference(name: string): string {
  return `scenario-${name}`;
}

/** Plays scenarios one after the other: a second one at the same time would change the switches under the first. */
export class ScenarioPlayer {
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly deps: PlayerDependencies) {}

  play(name: string, options: PlayOptions = {}): Promise<PlayedScenario> {
    const played = this.turn.then(() => this.perform(name, options));
    this.turn = played.catch(() => undefined);
    return played;
  }

  private async perform(name: string, options: PlayOptions): Promise<PlayedScenario> {
    const { account, behaviour, dispatcher, resetBehaviour, closing } = this.deps;
    const scenario = findScenario(name);
    const referenceId = options.referenceId || defaultReference(name);
    const provider = castProvider(scenario, options.provider || scenario.provider);
    const switches: Partial<Behaviour> = { ...scenario.switches, ...options.switches };

    resetBehaviour();
    applyBehaviour(behaviour, switches);
    const stage = new Stage({ account, dispatcher, referenceId, provider, closing });
    await scenario.play?.(stage);
    const users = stage.users.map((user) => ({
      ...toWireUser(user),
      active: account.users.has(user.userId),
    }));
    const deliveries = stage.deliveries.map(({ id, type, state }) => ({ id, type, state }));
    return { name, referenceId, provider, switches, users, deliveries };
  }
}

function castProvider(scenario: Scenario, code: string): string {
  const provider = findProvider(code);
  if (!provider) throw new InvalidRequestError(`There is no provider "${code}".`);
  const onPhone = findProvider(scenario.provider)?.phoneOnly;
  if (provider.phoneOnly !== onPhone) {
    const where = onPhone ? 'on a phone (APPLE, HEALTH_CONNECT, SAMSUNG)' : 'in the browser, not on a phone';
    throw new InvalidRequestError(
      `This scenario needs a provider that is linked ${where}: not ${provider.code}.`,
    );
  }
  return provider.code;
}
