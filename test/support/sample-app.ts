import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startSampleApp } from '../../sample-app';

interface Answer {
  status: number;
  body?: object;
}

interface Call {
  route: string;
  authorization: string | undefined;
  body: unknown;
}

export interface SampleAppStage {
  url: string;
  /** What the app has asked the service. */
  calls: Call[];
  /** What the service answers, by method and URL; 404 otherwise. */
  answers: Map<string, Answer>;
  get: (path: string, headers?: Record<string, string>) => Promise<{ status: number; page: string }>;
  post: (path: string, headers?: Record<string, string>) => Promise<Response>;
  close: () => Promise<void>;
}

export const AS_ADA = { cookie: 'pulse_user=ada' };

/** The sample app, with a stub in place of Terra Connect, so that tests check only the guarantees of the app. */
export async function startSampleAppStage(): Promise<SampleAppStage> {
  const calls: Call[] = [];
  const answers = new Map<string, Answer>();
  const service = createServer((request, response) => {
    const route = `${request.method} ${request.url}`;
    readJson(request)
      .then((body) => {
        calls.push({ route, authorization: request.headers.authorization, body });
        const answer = answers.get(route) ?? {
          status: 404,
          body: { code: 'not_found', detail: '<b>nothing</b>' },
        };
        response.writeHead(answer.status, { 'content-type': 'application/json' });
        response.end(answer.body && JSON.stringify(answer.body));
      })
      .catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  const { port } = service.address() as AddressInfo;
  const app = await startSampleApp({ serviceUrl: `http://127.0.0.1:${port}`, apiKey: 'secret-key' });
  return {
    url: app.url,
    calls,
    answers,
    get: async (path, headers = AS_ADA) => {
      const answer = await fetch(app.url + path, { headers, redirect: 'manual' });
      return { status: answer.status, page: await answer.text() };
    },
    post: (path, headers = { ...AS_ADA, origin: app.url }) =>
      fetch(app.url + path, {
        method: 'POST',
        headers,
        body: new URLSearchParams({ user: 'ada' }),
        redirect: 'manual',
      }),
    close: async () => {
      await app.close();
      service.closeAllConnections();
      await new Promise((resolve) => service.close(resolve));
    },
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : undefined;
}
