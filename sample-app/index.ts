import type { AddressInfo } from 'node:net';
import { buildSampleApp } from './server';
import { TerraConnectClient } from './terra-connect-client';

export interface SampleAppOptions {
  /** Address of Terra Connect for this app's server. */
  serviceUrl: string;
  apiKey: string;
  /** Default 0: any free port. */
  port?: number;
  host?: string;
  /** Origin of this app in the browser; default `http://localhost:<port>`. */
  publicUrl?: string;
}

export interface SampleApp {
  url: string;
  close(): Promise<void>;
}

/** Starts "Pulse Diary", a small health app. It shows how a caller uses Terra Connect. */
export async function startSampleApp(options: SampleAppOptions): Promise<SampleApp> {
  const { host = '127.0.0.1' } = options;
  const address = { publicUrl: '' };
  const server = buildSampleApp(new TerraConnectClient(options.serviceUrl, options.apiKey), address);
  await server.listen({ port: options.port ?? 0, host });
  const { port } = server.server.address() as AddressInfo;
  address.publicUrl = options.publicUrl?.replace(/(?<!\/)\/+$/, '') ?? `http://localhost:${port}`;
  return { url: address.publicUrl, close: () => server.close() };
}
