import type { AddressInfo } from 'node:net';
import { WEBHOOK_PATH } from './events/receiver';
import { Subscription } from './events/subscription';
import { buildSampleApp } from './server';
import { TerraConnectClient } from './terra-connect-client';

export interface SampleAppOptions {
  /** Address of Terra Connect for this app's server. */
  serviceUrl: string;
  /** Needs the scopes `sessions:…`, `connections:…` and `endpoints:…`, each to read and to write. */
  apiKey: string;
  /** Default 0: any free port. */
  port?: number;
  host?: string;
  /** Origin of this app in the browser; default `http://localhost:<port>`. */
  publicUrl?: string;
  /** Origin of this app for Terra Connect, which sends events there; default `http://127.0.0.1:<port>`. */
  webhookOrigin?: string;
}

export interface SampleApp {
  url: string;
  close(): Promise<void>;
}

/** Starts "Pulse Diary", a small health app. It shows how a caller uses Terra Connect. */
export async function startSampleApp(options: SampleAppOptions): Promise<SampleApp> {
  const { host = '127.0.0.1', serviceUrl, apiKey } = options;
  const terraConnect = new TerraConnectClient(serviceUrl, apiKey);
  const address = { publicUrl: '', webhookUrl: '' };
  const subscription = new Subscription(terraConnect, address);
  const server = buildSampleApp(terraConnect, subscription, address);
  await server.listen({ port: options.port ?? 0, host });
  const { port } = server.server.address() as AddressInfo;
  address.publicUrl = withoutSlash(options.publicUrl) ?? `http://localhost:${port}`;
  address.webhookUrl = (withoutSlash(options.webhookOrigin) ?? `http://127.0.0.1:${port}`) + WEBHOOK_PATH;

  const stopped = new AbortController();
  const subscribed = subscription.start(stopped.signal);
  return {
    url: address.publicUrl,
    close: async () => {
      stopped.abort();
      await Promise.all([subscribed, server.close()]);
    },
  };
}

function withoutSlash(url: string | undefined): string | undefined {
  return url?.replace(/(?<!\/)\/+$/, '');
}
