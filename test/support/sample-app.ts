import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { becomesTrue } from '../../local/waiting';
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
  /** What the app has asked the service, besides its subscription to events. */
  calls: Call[];
  /** What the service answers, by method and URL; 404 otherwise. */
  answers: Map<string, Answer>;
  get: (path: string, headers?: Record<string, string>) => Promise<{ status: number; page: string }>;
  post: (path: string, headers?: Record<string, string>) => Promise<Response>;
  /** Sends an event to the app as the service does. @param secret default: that of the subscription */
  deliver: (event: object, secret?: string) => Promise<number>;
  close: () => Promise<void>;
}

const SECRET = `whsec_${Buffer.from('a secret that only this test has').toString('base64')}`;
const SUBSCRIPTION_ANSWERS: Record<string, Answer> = {
  'GET /v1/webhook-endpoints': { status: 200, body: { items: [] } },
  'POST /v1/webhook-endpoints': { status: 201, body: { id: 'e1', secret: SECRET } },
};

export const AS_ADA = { cookie: 'pulse_user=ada' };

/** The sample app, with a stub in place of Terra Connect, so that tests check only the guarantees of the app. */
export async function startSampleAppStage(): Promise<SampleAppStage> {
  const calls: Call[] = [];
  const answers = new Map<string, Answer>();
  const service = createServer((request, response) => {
    const route = `${request.method} ${request.url}`;
    readJson(request)
      .then((body) => {
        const subscription = SUBSCRIPTION_ANSWERS[route];
        if (!subscription) calls.push({ route, authorization: request.headers.authorization, body });
        const answer = subscription ??
          answers.get(route) ?? {
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
  const webhookUrl = `${app.url}/webhooks/terra-connect`;
  const isSubscribed = async (): Promise<boolean> =>
    (await fetch(webhookUrl, { method: 'POST' })).status !== 503;
  if (!(await becomesTrue(isSubscribed, 20_000))) throw new Error('The sample app did not subscribe.');
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
    deliver: async (event, secret = SECRET) => {
      const body = JSON.stringify(event);
      const { id } = event as { id: string };
      const at = new Date();
      const answer = await fetch(webhookUrl, {
        method: 'POST',
        headers: {
          'content-type': 'application/cloudevents+json; charset=utf-8',
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
          'webhook-signature': new Webhook(secret).sign(id, at, body),
        },
        body,
      });
      return answer.status;
    },
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
