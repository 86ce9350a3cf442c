import type { AddressInfo } from 'node:net';
import { TerraConnect } from './terra-connect';
import { buildSampleApp } from './server';

export interface SampleAppOptions {
  /** Terra Connect, as this app's server reaches it. */
  serviceUrl: string;
  apiKey: string;
  /** 0 (the default) takes any free port. */
  port?: number;
  host?: string;
  /** The origin in the browser's address bar; default `http://localhost:<port>`. */
  publicUrl?: string;
}

export interface SampleApp {
  url: string;
  close(): Promise<void>;
}

/** "Pulse Diary": a customer's health app in small, to show how a backend uses Terra Connect. */
export async function startSampleApp(options: SampleAppOptions): Promise<SampleApp> {
  const { host = '127.0.0.1' } = options;
  const address = { publicUrl: '' };
  const server = buildSampleApp(new TerraConnect(options.serviceUrl, options.apiKey), address);
  await server.listen({ port: options.port ?? 0, host });
  const { port } = server.server.address() as AddressInfo;
  address.publicUrl = options.publicUrl?.replace(/\/+$/, '') ?? `http://localhost:${port}`;
  return { url: address.publicUrl, close: () => server.close() };
}
