import { HttpService } from '@nestjs/axios';
import axios from 'axios';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { Clock } from '../../src/common';
import type { OutgoingOptions } from '../../src/config';
import { Metrics } from '../../src/observability';
import { terraSockets } from '../../src/terra/terra-sockets';
import { TerraClient } from '../../src/terra/terra.client';
import { TerraGate } from '../../src/terra/terra.gate';
import { TerraTransport } from '../../src/terra/terra.transport';
import { ToldTimesService } from '../../src/terra/told-times.service';
import { undiciAdapter } from '../../src/terra/undici.adapter';
import { WidgetSessionGateway } from '../../src/terra/widget-session.gateway';

const closers: (() => unknown)[] = [];

/** Closes what a test started, in the reverse order, when the test calls {@link closeAll}. */
export function closeLater(close: () => unknown): void {
  closers.push(close);
}

export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

/** The service's client of Terra, without the rest of the service. */
export function clientOf(apiUrl: string, outgoing: Partial<OutgoingOptions> = {}): TerraClient {
  const all = { httpsProxy: '', httpProxy: '', noProxy: '', circuitFailures: 0, ...outgoing };
  const sockets = terraSockets({ connectMs: 2_000, answerMs: 5_000 }, all);
  closeLater(() => sockets.destroy());
  const options = {
    devId: 'dev',
    apiKey: 'key',
    apiUrl,
    widgetUrl: `${apiUrl}/widget`,
    widgetGeneration: 'current' as const,
  };
  const metrics = new Metrics();
  const clock = new Clock();
  const gate = new TerraGate(metrics, all, clock);
  // HttpService is typed by axios' ES module, and this file by its CommonJS module.
  const http = new HttpService(axios.create({ adapter: undiciAdapter(sockets) }) as never);
  const transport = new TerraTransport(http, gate, metrics, options);
  const widgetSessions = new WidgetSessionGateway(transport, options);
  return new TerraClient(transport, gate, widgetSessions, new ToldTimesService(metrics, clock), options);
}

export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeLater(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function startTerra(answer: RequestListener): Promise<string> {
  const server = createHttpServer(answer);
  const url = await listen(server);
  closeLater(() => server.closeAllConnections());
  return url;
}
