const DEADLINE_MS = 10_000;

export interface ConnectSession {
  id: string;
  status: string;
  referenceId: string;
  connectUrl: string;
  /** Codes of the offered providers; empty: all. */
  providers?: string[];
  /** The connection to reconnect; null if the session connects a new account. */
  connectionId?: string | null;
  providerReason?: string | null;
}

export interface Connection {
  id: string;
  referenceId: string;
  provider: string;
  status: string;
  statusReason: string | null;
  connectedAt: string | null;
  /** The connection at another provider that replaces this one. */
  succeededBy?: string | null;
}

/** A URL of this app to which the service sends events. */
export interface WebhookEndpoint {
  id: string;
  url: string;
}

export interface EndpointSettings {
  url: string;
  types: readonly string[];
  description: string;
  enabled: boolean;
}

/** The service gave no answer or a 5xx; the end user did nothing wrong. */
export class ServiceUnavailableError extends Error {}

/** The service rejected the request. `code` is stable; `message` is text for a reader. */
export class ServiceRejectedError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Whether there is nothing with the id: it is unknown, or has the form of no id. */
export function isMissing(error: unknown): boolean {
  return error instanceof ServiceRejectedError && [404, 422].includes(error.status);
}

/** The calls of the REST API that this caller needs. The API key stays on the server. */
export class TerraConnectClient {
  constructor(
    private readonly serviceUrl: string,
    private readonly apiKey: string,
  ) {}

  /** @param request with `connectionId`, the session reconnects that connection, which keeps its id */
  createSession(request: {
    referenceId: string;
    returnUrl: string;
    connectionId?: string;
  }): Promise<ConnectSession> {
    return this.call('POST', '/v1/connect-sessions', request);
  }

  getSession(id: string): Promise<ConnectSession> {
    return this.call('GET', `/v1/connect-sessions/${encodeURIComponent(id)}`);
  }

  async listConnections(referenceId: string): Promise<Connection[]> {
    const items: Connection[] = [];
    let cursor: string | null = null;
    do {
      const query: string = new URLSearchParams({ referenceId, ...(cursor ? { cursor } : {}) }).toString();
      const page: { items: Connection[]; nextCursor: string | null } = await this.call(
        'GET',
        `/v1/connections?${query}`,
      );
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor);
    return items;
  }

  /** The provider that succeeds one that has ended; null if the service knows none. */
  async successorOf(provider: string): Promise<string | null> {
    const path = `/v1/providers/${encodeURIComponent(provider)}/migration?limit=1`;
    try {
      return (await this.call<{ successor: string | null }>('GET', path)).successor;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  getConnection(id: string): Promise<Connection> {
    return this.call('GET', `/v1/connections/${encodeURIComponent(id)}`);
  }

  async disconnect(id: string): Promise<void> {
    await this.call('DELETE', `/v1/connections/${encodeURIComponent(id)}`);
  }

  async listEndpoints(): Promise<WebhookEndpoint[]> {
    return (await this.call<{ items: WebhookEndpoint[] }>('GET', '/v1/webhook-endpoints')).items;
  }

  /** The answer has the secret, which no later answer has. */
  createEndpoint(settings: EndpointSettings): Promise<WebhookEndpoint & { secret: string }> {
    return this.call('POST', '/v1/webhook-endpoints', settings);
  }

  async updateEndpoint(id: string, settings: EndpointSettings): Promise<void> {
    await this.call('PATCH', `/v1/webhook-endpoints/${encodeURIComponent(id)}`, settings);
  }

  /** From now on, only the new secret signs. */
  rotateEndpointSecret(id: string): Promise<WebhookEndpoint & { secret: string }> {
    const path = `/v1/webhook-endpoints/${encodeURIComponent(id)}/rotate-secret`;
    return this.call('POST', path, { overlapHours: 0 });
  }

  async deleteEndpoint(id: string): Promise<void> {
    await this.call('DELETE', `/v1/webhook-endpoints/${encodeURIComponent(id)}`);
  }

  private async call<T>(method: string, path: string, body?: object): Promise<T> {
    const answer = await this.send(method, path, body);
    const text = await answer.text().catch(() => '');
    const json = parse(text);
    if (answer.ok && json) return json as T;
    const { status } = answer;
    const code = typeof json?.code === 'string' ? json.code : 'no problem code';
    const detail = typeof json?.detail === 'string' ? json.detail : code;
    if (status < 500 && json) throw new ServiceRejectedError(status, code, detail);
    throw new ServiceUnavailableError(`${method} ${path} answered ${status}, ${code}`);
  }

  private async send(method: string, path: string, body?: object): Promise<Response> {
    try {
      return await fetch(new URL(path, this.serviceUrl), {
        method,
        headers: {
          authorization: `Bearer ${this.apiKey}`,
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
        body: body ? JSON.stringify(body) : undefined,
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
    } catch (error) {
      throw new ServiceUnavailableError(`${method} ${path} got no answer`, { cause: error });
    }
  }
}

/** The JSON of an answer; null for any other text, such as the page of a proxy. */
function parse(text: string): Record<string, unknown> | null {
  if (text === '') return {};
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}
