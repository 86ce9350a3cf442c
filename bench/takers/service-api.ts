import { openPool } from '../sending';

/** The routes of the service that takers of events use. */
export class ServiceApi {
  private readonly pool;

  constructor(
    origin: string,
    private readonly apiKey: string,
  ) {
    this.pool = openPool(origin, 4);
  }

  createEndpoint(url: string, types: string[]): Promise<{ id: string; secret: string }> {
    return this.call('POST', '/v1/webhook-endpoints', { url, types });
  }

  async enable(id: string, enabled: boolean): Promise<void> {
    await this.call('PATCH', `/v1/webhook-endpoints/${id}`, { enabled });
  }

  async deleteEndpoint(id: string): Promise<void> {
    await this.call('DELETE', `/v1/webhook-endpoints/${id}`);
  }

  /** @throws Error for any other answer than a successful one */
  async call<Answer>(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: object,
  ): Promise<Answer> {
    const answer = await this.pool.request({
      method,
      path,
      headers: { authorization: `Bearer ${this.apiKey}`, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
      // Longer than the longest wait of a reader.
      headersTimeout: 45_000,
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300)
      throw new Error(`${method} ${path} answered ${answer.statusCode}: ${text.slice(0, 500)}`);
    return (text === '' ? null : JSON.parse(text)) as Answer;
  }

  close(): Promise<void> {
    return this.pool.destroy();
  }
}
