import type { Sandbox } from '../sandbox';
import { startTestSandbox, TEST_CREDENTIALS } from './support/sandbox';

const CREDENTIALS = { 'dev-id': TEST_CREDENTIALS.devId, 'x-api-key': TEST_CREDENTIALS.apiKey };

interface WireUser {
  user_id: string;
  reference_id: string;
  provider: string;
}
interface Page {
  next: number | null;
  max_page: number;
  results: WireUser[];
}

describe('An account with generated users', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startTestSandbox();
  });
  afterEach(() => sandbox.reset());
  afterAll(() => sandbox.close());

  const ask = async <Body>(path: string): Promise<{ status: number; body: Body }> => {
    const answer = await fetch(sandbox.apiUrl + path, { headers: CREDENTIALS });
    return { status: answer.status, body: (await answer.json()) as Body };
  };
  const readPage = async (page: number, perPage: number): Promise<Page> => {
    const { body } = await ask<Page & { data?: Page }>(`/subscriptions?page=${page}&per_page=${perPage}`);
    return body.data ?? body;
  };
  const connectTwo = (): string[] =>
    ['u_1', 'u_2'].map((referenceId) => sandbox.account.connect({ provider: 'OURA', referenceId }).userId);

  it.each([
    ['flat', 4],
    ['nested', 3],
  ] as const)(
    'lists each of them on exactly one page, after the real users, in the shape "%s"',
    async (shape, last) => {
      const real = connectTwo();
      Object.assign(sandbox.behaviour, { subscriptionsShape: shape, syntheticUsers: 1_700 });
      const seen: WireUser[] = [];
      for (let page: number | null = 0; page !== null;) {
        const answer: Page = await readPage(page, 500);
        expect(answer.max_page).toBe(last);
        seen.push(...answer.results);
        page = answer.next;
      }
      expect(seen.slice(0, 2).map((user) => user.user_id)).toEqual(real);
      expect(seen.slice(2).map((user) => user.reference_id)).toEqual(
        Array.from({ length: 1_700 }, (_, index) => `synthetic-${index}`),
      );
      expect(new Set(seen.map((user) => user.user_id)).size).toBe(1_702);
      expect(new Set(seen.slice(2).map((user) => user.provider)).size).toBe(5);
    },
  );

  it('lists the same user in the same place each time, up to the last of a million', async () => {
    sandbox.behaviour.syntheticUsers = 1_000_000;
    const user = {
      user_id: '00000000-0000-4000-8000-0000000f423f',
      reference_id: 'synthetic-999999',
      provider: 'WHOOP',
      created_at: '2026-01-01T00:00:00.000Z',
      last_webhook_update: null,
      scopes: 'activity,body,daily,sleep',
      active: true,
    };
    for (const perPage of [500, 9_999]) {
      const page = Math.floor(999_999 / perPage);
      const { next, results } = await readPage(page, perPage);
      expect([next, results.at(-1)]).toEqual([null, user]);
    }
    expect(await readPage(2_000, 500)).toMatchObject({ next: null, results: [] });
  });

  it('lists up to ten thousand users at once, and rejects larger answers', async () => {
    sandbox.behaviour.syntheticUsers = 10_000;
    const { body } = await ask<{ users: unknown[] }>('/subscriptions');
    expect(body.users).toHaveLength(10_000);
    sandbox.behaviour.syntheticUsers = 10_001;
    for (const path of ['/subscriptions', '/subscriptions?page=0&per_page=10001']) {
      expect(await ask(path)).toMatchObject({
        status: 400,
        body: {
          detail: 'One answer lists at most 10000 generated users. Ask for pages with page and per_page',
        },
      });
    }
    expect((await ask('/subscriptions?page=0&per_page=10000')).status).toBe(200);
  });

  it('finds them by id and by reference, and no further users', async () => {
    sandbox.behaviour.syntheticUsers = 300;
    const user = { user_id: '00000000-0000-4000-8000-00000000012b', reference_id: 'synthetic-299' };
    expect(await ask(`/userInfo?user_id=${user.user_id}`)).toMatchObject({ status: 200, body: { user } });
    expect(await ask('/userInfo?reference_id=synthetic-299')).toMatchObject({ status: 200, body: [user] });
    for (const unknown of [
      'user_id=00000000-0000-4000-8000-00000000012c',
      'user_id=00000000-0000-4000-8000-12b',
      'reference_id=synthetic-300',
      'reference_id=synthetic-0299',
      'reference_id=synthetic-',
    ]) {
      expect({ unknown, status: (await ask(`/userInfo?${unknown}`)).status }).toEqual({
        unknown,
        status: 404,
      });
    }
  });

  it('lists none of them while its lists are switched to empty', async () => {
    Object.assign(sandbox.behaviour, { syntheticUsers: 1_000_000, emptyLists: true });
    expect(await readPage(0, 500)).toEqual({ status: 'success', next: null, max_page: 0, results: [] });
    expect(await ask('/userInfo?reference_id=synthetic-1')).toEqual({ status: 200, body: [] });
  });
});
