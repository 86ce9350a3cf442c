import { Pool, type PoolClient, type PoolConfig, type QueryConfig } from 'pg';
import { isDatabaseDown, sqlStateOf } from '../common';
import { ServiceClient, SilentConnectionError, type ServiceClientConfig } from './service-client';

// How long a living server may take for a statement without work.
const PROBE_MS = 1_000;
// How long a statement of another connection may still take after one was found dead.
const GRACE_MS = 2_000;
const REFUSAL_MS = 5_000;
// The server answers and refuses to work: no disk, no memory, an I/O error, read-only.
const REFUSALS = /^(53|58|25006)/;

/**
 * The pool of the service. One dead connection is seldom alone: after a fail-over behind a proxy, or with a packet
 * filter that drops, every open socket is silent. So the first dead connection makes the pool check all others, instead of
 * finding each of them by a deadline of its own.
 */
export class ServicePool extends Pool {
  private readonly clients = new Set<unknown>();
  private checking = false;
  private refusal: { sqlState: string; at: number } | null = null;

  constructor(config: PoolConfig & ServiceClientConfig) {
    super(config);
    // pg's types know neither the class of the clients nor their own options.
    Object.assign(this, { Client: ServiceClient });
    Object.assign(this.options, {
      onConnect: (client: ServiceClient) => client.prepare(),
      onFailure: (error: unknown) => this.notice(error),
    });
    this.on('connect', (client) => this.clients.add(client));
    this.on('remove', (client) => this.clients.delete(client));
    this.on('error', (error) => this.notice(error));
  }

  /**
   * The SQLSTATE with which Postgres has refused to work in the last seconds, or null. A check of the service's health
   * cannot provoke such an error itself: a full disk only shows when something is written.
   */
  recentRefusal(): string | null {
    return this.refusal && Date.now() - this.refusal.at < REFUSAL_MS ? this.refusal.sqlState : null;
  }

  private notice(error: unknown): void {
    const sqlState = sqlStateOf(error);
    if (REFUSALS.test(sqlState)) this.refusal = { sqlState, at: Date.now() };
    if (error instanceof SilentConnectionError || isDatabaseDown(error)) {
      this.checkAll(error).catch(() => undefined);
    }
  }

  private async checkAll(error: unknown): Promise<void> {
    if (this.checking || this.ending) return;
    this.checking = true;
    try {
      const idle = await Promise.all(Array.from({ length: this.idleCount }, () => this.connect()));
      const answers = await Promise.all(idle.map(probe));
      const isSilent =
        answers.includes(false) || (error instanceof SilentConnectionError && error.conclusive);
      if (isSilent) for (const client of this.clients) (client as ServiceClient).expectAnswer(GRACE_MS);
    } finally {
      this.checking = false;
    }
  }
}

async function probe(client: PoolClient): Promise<boolean> {
  try {
    await client.query({ text: 'SELECT 1', query_timeout: PROBE_MS } as QueryConfig);
    client.release();
    return true;
  } catch (error) {
    client.release(error as Error);
    return false;
  }
}
