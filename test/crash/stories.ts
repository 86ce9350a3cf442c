import type { Chance } from './chance';
import type { Account, StoryEvent } from './terra-events';

/** One account, from its first connecting to wherever its story ends; events in the order in which they happen. */
export interface Story extends Account {
  events: StoryEvent[];
}

const PROVIDERS = ['GARMIN', 'OURA', 'FITBIT', 'POLAR', 'WHOOP'] as const;
const SCOPES = ['activity', 'body', 'daily', 'nutrition', 'sleep'] as const;
const DATA = ['activity', 'daily', 'sleep'] as const;
const EVENTS_PER_ACCOUNT = 7;
const TWO_ACCOUNTS = 0.4;
const ANOTHER_TURN = 0.65;
const AN_END = 0.25;

/** Stories of as many end users as it takes for that many events. */
export function writeStories(chance: Chance, deliveries: number): Story[] {
  const stories: Story[] = [];
  let left = deliveries;
  for (let person = 0; left > 0; person += 1) {
    const first = chance.below(PROVIDERS.length);
    const accounts = chance.happens(TWO_ACCOUNTS) ? 2 : 1;
    for (let account = 0; account < accounts && left > 0; account += 1) {
      const provider = PROVIDERS[(first + account) % PROVIDERS.length] as string;
      const story = new Author(chance, `${person}-${account}`).write();
      // The last one fills what is left; one that does not fit is not told.
      const events = story.length <= left ? story : story.slice(0, 1);
      const isLast = left - events.length < 1.5 * EVENTS_PER_ACCOUNT;
      addData(chance, events, isLast ? left : EVENTS_PER_ACCOUNT);
      stories.push({ referenceId: `person-${person}`, provider, events });
      left -= events.length;
    }
  }
  return stories;
}

// Data of whoever is known at that moment: it must neither raise nor lower anything.
function addData(chance: Chance, events: StoryEvent[], upTo: number): void {
  while (events.length < upTo) {
    const place = 1 + chance.below(events.length);
    const user = (events[place - 1] as StoryEvent).user;
    events.splice(place, 0, { type: chance.pick(DATA), user });
  }
}

class Author {
  private readonly events: StoryEvent[] = [];
  private user = '';
  private users = 0;

  constructor(
    private readonly chance: Chance,
    private readonly name: string,
  ) {}

  write(): StoryEvent[] {
    const { chance } = this;
    this.auth(this.nextUser());
    const turns = [() => this.change(), () => this.fail(), () => this.reauth()];
    while (chance.happens(ANOTHER_TURN)) chance.pick(turns)();
    if (chance.happens(AN_END))
      this.tell({ type: chance.pick(['deauth', 'access_revoked']), user: this.user });
    return this.events;
  }

  private auth(user: string): void {
    this.user = user;
    this.tell({ type: 'auth', user, scopes: this.someScopes() });
  }

  private change(): void {
    const { chance, user } = this;
    const scopes = this.someScopes();
    if (chance.happens(0.5)) {
      this.tell({ type: 'permission_change', user, scopes, added: [], removed: [] });
    } else {
      // Never all of them, which would be another story.
      const kept = new Set(scopes);
      const removed = SCOPES.filter((scope) => !kept.has(scope)).slice(0, 2);
      this.tell({ type: 'permission_change', user, scopes: null, added: scopes, removed });
    }
  }

  /** The provider refuses Terra; sometimes the person logs in again and the same Terra user goes on. */
  private fail(): void {
    this.tell({ type: 'connection_error', user: this.user });
    if (this.chance.happens(0.4)) this.auth(this.user);
  }

  /** Connected anew: another Terra user takes over, and news about the old one may still follow. */
  private reauth(): void {
    const { chance } = this;
    const oldUser = this.user;
    const user = this.nextUser();
    const scopes = this.someScopes();
    const swap: StoryEvent = { type: 'user_reauth', user, scopes, oldUser };
    const auth: StoryEvent = { type: 'auth', user, scopes };
    for (const event of chance.pick([[swap], [swap, auth], [auth, swap]])) this.tell(event);
    if (chance.happens(0.3)) this.tell({ type: chance.pick(['deauth', 'connection_error']), user: oldUser });
    this.user = user;
  }

  private tell(event: StoryEvent): void {
    this.events.push(event);
  }

  private nextUser(): string {
    this.users += 1;
    return `terra-${this.name}-${this.users}`;
  }

  private someScopes(): string[] {
    const chosen = SCOPES.filter(() => this.chance.happens(0.6));
    return chosen.length > 0 ? chosen : [SCOPES[0]];
  }
}
