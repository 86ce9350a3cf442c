import type { SeededRandom } from '../support/seeded-random';
import type { Account, SequenceEvent } from './terra-events';

/** The events of one account, from its first connect on, in the order in which they occur. */
export interface EventSequence extends Account {
  events: SequenceEvent[];
}

const PROVIDERS = ['GARMIN', 'OURA', 'GOOGLE_HEALTH', 'POLAR', 'WHOOP'] as const;
const SCOPES = ['activity', 'body', 'daily', 'nutrition', 'sleep'] as const;
const DATA = ['activity', 'daily', 'sleep'] as const;
const EVENTS_PER_ACCOUNT = 7;
// Probabilities: an end user has two accounts, a sequence has another step, a sequence ends with a disconnect.
const TWO_ACCOUNTS = 0.4;
const ANOTHER_STEP = 0.65;
const DISCONNECT = 0.25;

/** Creates sequences for as many end users as the number of deliveries requires. Each event is one delivery. */
export function createSequences(random: SeededRandom, deliveries: number): EventSequence[] {
  const sequences: EventSequence[] = [];
  let left = deliveries;
  for (let endUser = 0; left > 0; endUser += 1) {
    const first = random.below(PROVIDERS.length);
    const accounts = random.chance(TWO_ACCOUNTS) ? 2 : 1;
    for (let account = 0; account < accounts && left > 0; account += 1) {
      const provider = PROVIDERS[(first + account) % PROVIDERS.length] as string;
      const sequence = new SequenceBuilder(random, `${endUser}-${account}`).build();
      // The last sequence fills the remaining deliveries. A sequence that does not fit is cut to its first event.
      const events = sequence.length <= left ? sequence : sequence.slice(0, 1);
      const isLast = left - events.length < 1.5 * EVENTS_PER_ACCOUNT;
      addData(random, events, isLast ? left : EVENTS_PER_ACCOUNT);
      sequences.push({ referenceId: `person-${endUser}`, provider, events });
      left -= events.length;
    }
  }
  return sequences;
}

// Adds data events, each about the Terra user of the event before it. Data must not change a connection.
function addData(random: SeededRandom, events: SequenceEvent[], upTo: number): void {
  while (events.length < upTo) {
    const place = 1 + random.below(events.length);
    const user = (events[place - 1] as SequenceEvent).user;
    events.splice(place, 0, { type: random.pick(DATA), user });
  }
}

class SequenceBuilder {
  private readonly events: SequenceEvent[] = [];
  private user = '';
  private users = 0;

  constructor(
    private readonly random: SeededRandom,
    private readonly name: string,
  ) {}

  build(): SequenceEvent[] {
    const { random } = this;
    this.auth(this.nextUser());
    const steps = [() => this.changePermissions(), () => this.fail(), () => this.reauth()];
    while (random.chance(ANOTHER_STEP)) random.pick(steps)();
    if (random.chance(DISCONNECT))
      this.add({ type: random.pick(['deauth', 'access_revoked']), user: this.user });
    return this.events;
  }

  private auth(user: string): void {
    this.user = user;
    this.add({ type: 'auth', user, scopes: this.someScopes() });
  }

  private changePermissions(): void {
    const { random, user } = this;
    const scopes = this.someScopes();
    if (random.chance(0.5)) {
      this.add({ type: 'permission_change', user, scopes, added: [], removed: [] });
    } else {
      // Keeps the added scopes, because a connection without scopes would be in another status.
      const kept = new Set(scopes);
      const removed = SCOPES.filter((scope) => !kept.has(scope)).slice(0, 2);
      this.add({ type: 'permission_change', user, scopes: null, added: scopes, removed });
    }
  }

  /** The provider rejects Terra's requests. Sometimes the end user logs in again and keeps the Terra user. */
  private fail(): void {
    this.add({ type: 'connection_error', user: this.user });
    if (this.random.chance(0.4)) this.auth(this.user);
  }

  /** The end user reconnects: a new Terra user supersedes the old one, which may still have late events. */
  private reauth(): void {
    const { random } = this;
    const oldUser = this.user;
    const user = this.nextUser();
    const scopes = this.someScopes();
    const swap: SequenceEvent = { type: 'user_reauth', user, scopes, oldUser };
    const auth: SequenceEvent = { type: 'auth', user, scopes };
    for (const event of random.pick([[swap], [swap, auth], [auth, swap]])) this.add(event);
    if (random.chance(0.3)) this.add({ type: random.pick(['deauth', 'connection_error']), user: oldUser });
    this.user = user;
  }

  private add(event: SequenceEvent): void {
    this.events.push(event);
  }

  private nextUser(): string {
    this.users += 1;
    return `terra-${this.name}-${this.users}`;
  }

  private someScopes(): string[] {
    const chosen = SCOPES.filter(() => this.random.chance(0.6));
    return chosen.length > 0 ? chosen : [SCOPES[0]];
  }
}
