import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../sandbox';

export const TEST_CREDENTIALS = {
  devId: 'acme-testing-a1b2c3d4e5',
  apiKey: 'sandbox-key-4f9d2c7b1e8a6053f1c2',
  signingSecret: 'c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2e7',
};

/** A sandbox on a free port with fixed credentials and retries fast enough for tests. Close it in `afterAll`. */
export function startTestSandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const behaviour = { retryBaseMs: 20, deauthDelayMs: 5, ...options.behaviour };
  return startSandbox({ ...TEST_CREDENTIALS, ...options, behaviour });
}

export interface WidgetVisit {
  /** Provider code as the widget shows it, e.g. `GARMIN`. */
  provider: string;
  /** The account that the end user logs in with at the provider; default: the same on every visit of a reference. */
  account?: string;
}

/**
 * Acts as the end user: opens the widget, picks the provider and agrees. Returns the URL that the widget redirects to,
 * without visiting it. With `multiAuth` this URL is the widget itself, and with feedback it is the widget's result page.
 */
export async function connectThroughWidget(
  widgetUrl: string,
  visit: WidgetVisit & { scopes?: string[] },
): Promise<URL> {
  return answerConsent(widgetUrl, visit, 'allow');
}

/** Acts as an end user who denies access, or (`missing_scopes`) agrees but unticks the scopes that the provider needs. */
export async function cancelInWidget(
  widgetUrl: string,
  visit: WidgetVisit & { reason?: 'access_denied' | 'missing_scopes' },
): Promise<URL> {
  if (visit.reason === 'missing_scopes') return answerConsent(widgetUrl, { ...visit, scopes: [] }, 'allow');
  return answerConsent(widgetUrl, visit, 'deny');
}

async function answerConsent(
  widgetUrl: string,
  visit: WidgetVisit & { scopes?: string[] },
  action: 'allow' | 'deny',
): Promise<URL> {
  const widgetOrigin = new URL(widgetUrl).origin;
  const firstPage = await browse(new URL(widgetUrl), widgetOrigin);
  if (!firstPage.html) return firstPage.url;
  const link = new RegExp(`href="([^"]+)"\\s+data-testid="provider-${visit.provider}"`).exec(
    firstPage.html,
  )?.[1];
  // If the session offers one provider, the first page already is its consent page.
  const consent = link ? await browse(new URL(link, firstPage.url), widgetOrigin) : firstPage;
  if (!consent.html?.includes('data-testid="consent-allow"')) return consent.url;

  // An empty account selects the one that the page suggests.
  const form = new URLSearchParams({ action, account: visit.account ?? '' });
  const shownScopes = [...consent.html.matchAll(/name="scope"\s+value="([^"]+)"/g)].map(
    (match) => match[1] ?? '',
  );
  for (const scope of visit.scopes ?? shownScopes) form.append('scope', scope);
  return (await browse(consent.url, widgetOrigin, { method: 'POST', body: form })).url;
}

/** Follows redirects within the widget; `html` is missing when the browser has left the widget. */
async function browse(
  url: URL,
  origin: string,
  init: RequestInit = {},
): Promise<{ url: URL; html?: string }> {
  const response = await fetch(url, { ...init, redirect: 'manual' });
  const body = await response.text();
  const location = response.headers.get('location');
  if (!location) return { url, html: body };
  const next = new URL(location, url);
  const staysInWidget = next.origin === origin && next.pathname.startsWith('/widget/');
  return staysInWidget ? browse(next, origin) : { url: next };
}

export interface ReceivedWebhook {
  headers: IncomingHttpHeaders;
  /** The exact bytes, for signature checks. */
  rawBody: string;
  event: Record<string, unknown>;
}

export interface WebhookReceiver {
  url: string;
  received: ReceivedWebhook[];
  /** Statuses for the next calls, one each; 200 when the list is empty. `stall` never answers. */
  answers: (number | 'stall')[];
  close(): Promise<void>;
}

/** A webhook destination other than the service: records each webhook and answers with the next of `answers`. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = [];
  const answers: (number | 'stall')[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const rawBody = Buffer.concat(chunks).toString();
      const event = JSON.parse(rawBody) as Record<string, unknown>;
      received.push({ headers: request.headers, rawBody, event });
      const answer = answers.shift() ?? 200;
      if (answer !== 'stall') response.writeHead(answer, { location: '/elsewhere' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/webhooks`,
    received,
    answers,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
