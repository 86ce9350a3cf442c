import { Client, type QueryConfig } from 'pg';

/** Runs `work`, and returns the statements that this process sent to Postgres meanwhile. */
export async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const texts: string[] = [];
  // The class of `pg`, so that it counts every statement, whatever sent it.
  const original = Reflect.get(Client.prototype, 'query') as (...args: unknown[]) => unknown;
  const spy = jest.spyOn(Client.prototype, 'query').mockImplementation(function (
    this: Client,
    ...args: unknown[]
  ) {
    const [query] = args as [string | QueryConfig];
    const text = typeof query === 'string' ? query : query.text;
    // The clock is synchronized every 30 seconds, whatever the service does.
    if (!text.startsWith('SELECT (extract(epoch FROM clock_timestamp())')) texts.push(text);
    return original.apply(this, args) as void;
  });
  try {
    await work();
    return texts;
  } finally {
    spy.mockRestore();
  }
}
