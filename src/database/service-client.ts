import { Client, type ClientConfig, type QueryConfig, type QueryResult } from 'pg';
import { beginSql, DURABILITY_SQL, pinSessionSql, type SessionSettings } from './session-settings';

export interface ServiceClientConfig extends ClientConfig {
  session: SessionSettings;
  /** Called for each failed statement, before the caller of the statement gets the error. */
  onFailure?: (error: unknown) => void;
}

type TimedQuery = QueryConfig & { query_timeout?: number };
type Callback = (error: unknown, result?: QueryResult) => void;

const BEGINS_TRANSACTION = /^\s*(START TRANSACTION|BEGIN)\s*$/i;
const NO_TRANSACTION = 'I';
// A silent server does not answer to the goodbye either.
const GOODBYE_MS = 2_000;

/** A statement got no answer in time, so the client has closed the connection. */
export class SilentConnectionError extends Error {
  // The code of the operating system for the same fault.
  readonly code = 'ETIMEDOUT';

  /** @param conclusive whether a living server would have answered, at least with its own statement timeout */
  constructor(readonly conclusive: boolean) {
    super('Postgres did not answer in time.');
    this.name = 'SilentConnectionError';
  }
}

/**
 * A connection to Postgres, directly or through a pooler in transaction mode. It has the session settings on which the
 * code relies, and a statement that gets no answer ends it.
 *
 * Through a pooler, two statements can run on two servers. The connection then sends no statement names, and sets its
 * settings in each transaction. A statement outside a transaction gets a transaction of its own.
 */
export class ServiceClient extends Client {
  private readonly session: SessionSettings;
  private readonly onFailure: (error: unknown) => void;
  /** The statement that waits for its answer. */
  private current: QueryConfig | null = null;
  /** Starts a transaction behind a pooler; null on a direct connection. */
  private begin: string | null = null;

  constructor(config: ServiceClientConfig) {
    super(config);
    this.session = config.session;
    this.onFailure = config.onFailure ?? (() => undefined);
    // A failed statement reports the error to its caller. Without a listener, the event would end the process.
    this.on('error', () => undefined);
  }

  /** Prepares a new connection: pins the session settings, or finds out that a pooler is between. */
  async prepare(): Promise<void> {
    const { processID } = this as unknown as { processID: number | null };
    const pinned = await this.send({ text: pinSessionSql(this.session), values: [processID] });
    if (pinned.rows.length > 0) return;
    const { rows } = await this.send({ text: DURABILITY_SQL });
    const [{ synchronousCommit }] = rows as [{ synchronousCommit: string }];
    this.begin = beginSql(this.session, synchronousCommit);
  }

  // The overloads of pg have no type that an override could repeat.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  override query(config: unknown, values?: unknown, callback?: unknown): any {
    if (isSubmittable(config)) return super.query(config as never);
    const query: QueryConfig = {
      ...(typeof config === 'string' ? { text: config } : (config as QueryConfig)),
      ...(Array.isArray(values) ? { values: values as unknown[] } : {}),
    };
    const done = [values, callback].find((one) => typeof one === 'function') as Callback | undefined;
    if (done && this.begin === null) return this.sendWithCallback(query, done);
    const result = this.begin === null ? this.send(query) : this.sendThroughPooler(query, this.begin);
    if (!done) return result;
    result.then((answer) => done(null, answer), done);
  }

  /** Closes the connection unless its present statement gets an answer within `graceMs`. */
  expectAnswer(graceMs: number): void {
    const statement = this.current;
    if (!statement) return;
    setTimeout(() => {
      if (this.current === statement) this.destroy();
    }, graceMs).unref();
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  override end(callback?: unknown): any {
    const deadline = setTimeout(() => this.destroy(), GOODBYE_MS).unref();
    this.once('end', () => clearTimeout(deadline));
    return super.end(callback as never);
  }

  private async send(query: TimedQuery): Promise<QueryResult> {
    this.current = query;
    try {
      return await super.query(query);
    } catch (cause) {
      throw this.failureOf(cause, query);
    } finally {
      this.current = null;
    }
  }

  // The way of the pool, for each statement outside a transaction: without the promises that only cost time.
  private sendWithCallback(query: TimedQuery, done: Callback): void {
    this.current = query;
    super.query(query, (cause: Error | null, answer: QueryResult) => {
      this.current = null;
      if (cause) done(this.failureOf(cause, query));
      else done(null, answer);
    });
  }

  private failureOf(cause: unknown, { query_timeout: timeoutMs }: TimedQuery): unknown {
    const error = isReadTimeout(cause) ? this.endSilence(timeoutMs) : cause;
    this.onFailure(error);
    return error;
  }

  private async sendThroughPooler(query: QueryConfig, begin: string): Promise<QueryResult> {
    const unnamed = { ...query, name: undefined };
    if (BEGINS_TRANSACTION.test(query.text)) return this.send({ text: begin });
    if (this.getTransactionStatus() !== NO_TRANSACTION) return this.send(unnamed);
    await this.send({ text: begin });
    try {
      const result = await this.send(unnamed);
      await this.send({ text: 'COMMIT' });
      return result;
    } catch (error) {
      await this.send({ text: 'ROLLBACK' }).catch(() => this.destroy());
      throw error;
    }
  }

  // An answer that comes late would be read as the answer of the next statement.
  private endSilence(timeoutMs?: number): SilentConnectionError {
    this.destroy();
    const { statementTimeoutMs } = this.session;
    return new SilentConnectionError(timeoutMs === undefined || timeoutMs > statementTimeoutMs);
  }

  private destroy(): void {
    destroySocket(this);
  }
}

/** Closes the socket of a client at once, so that its statement in flight fails. */
export function destroySocket(client: unknown): void {
  (client as { connection: { stream: { destroy: () => void } } }).connection.stream.destroy();
}

function isReadTimeout(error: unknown): boolean {
  return (error as Error).message === 'Query read timeout';
}

function isSubmittable(config: unknown): boolean {
  return typeof (config as { submit?: unknown } | null)?.submit === 'function';
}
