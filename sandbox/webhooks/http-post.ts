import http from 'node:http';
import https from 'node:https';

export interface PostOptions {
  headers: Record<string, string>;
  timeoutMs: number;
  signal: AbortSignal;
  agents: Agents;
}

/** The agents of one dispatcher, which destroys them on close so that no socket stays open. */
export interface Agents {
  http: http.Agent;
  https: https.Agent;
}

export function createAgents(): Agents {
  // A burst of thousands must not exhaust the file descriptors of the machine.
  const options = { keepAlive: true, maxSockets: 256 };
  return { http: new http.Agent(options), https: new https.Agent(options) };
}

/** Sends a POST and resolves with the status. Follows no redirect, and rejects if no answer comes in time. */
export function post(url: string, body: string, options: PostOptions): Promise<number> {
  const { headers, timeoutMs, agents } = options;
  return new Promise((resolve, reject) => {
    const target = new URL(url);
    const secure = target.protocol === 'https:';
    const deadline = AbortSignal.timeout(timeoutMs);
    const request = (secure ? https : http).request(target, {
      method: 'POST',
      agent: secure ? agents.https : agents.http,
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      signal: AbortSignal.any([options.signal, deadline]),
    });
    request.on('response', (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', reject);
    });
    request.on('error', (error) => {
      reject(deadline.aborted ? new Error(`no answer within ${timeoutMs} ms`, { cause: error }) : error);
    });
    request.end(body);
  });
}
