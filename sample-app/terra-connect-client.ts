const DEADLINE_MS = 10_000;

export interface ConnectSession {
  id: string;
  status: string;
  referenceId: string;
  connectUrl: string;
  providerReason?: string | null;
}

export interface Connection {
  id: string;
  referenceId: string;
  provider: string;
  status: string;
  connectedAt: string | null;
}

/** The service gave no answer or a 5xx; the end user did nothing wrong. */
class ServiceUnavailableError extends Error {}

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

/** The calls of the REST API that this caller needs. The API key stays on the server. */
export class TerraConnectClient {
  constructor(
    private readonly serviceUrl: string,
    private readonly apiKey: string,
  ) {}

  createSession(referenceId: string, returnUrl: string): Promise<ConnectSession> {
    return this.call('POST', '/v1/connect-sessions', { referenceId, returnUrl });
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

  getConnection(id: string): Promise<Connection> {
    return this.call('GET', `/v1/connections/${encodeURIComponent(id)}`);
  }

  async disconnect(id: string): Promise<void> {
    await this.call('DELETE', `/v1/connections/${encodeURIComponent(id)}`);
  }

  private async call<T>(method: string, path: string, body?: object): Promise<T> {
    const answer = await this.send(method, path, body);
    const text = await answer.text().catch(() => '');
    if (answer.status >= 500)
      throw new ServiceUnavailableError(`${method} ${path} answered ${answer.status}`);
    const json = parse(text);
    if (answer.ok) return json as T;
    const code = typeof json.code === 'string' ? json.code : 'unknown';
    throw new ServiceRejectedError(answer.status, code, typeof json.detail === 'string' ? json.detail : code);
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

function parse(text: string): Record<string, unknown> {
  if (text === '') return {};
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new ServiceUnavailableError('The answer was not JSON');
  }
}
