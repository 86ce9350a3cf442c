import type { AddressInfo } from 'node:net';
import { Account } from './account/account';
import type { LinkedUser } from './account/linked-user';
import { ENABLED_BY_DEFAULT } from './account/providers';
import { applyBehaviour, initialBehaviour } from './behaviour';
import type { SandboxContext } from './context';
import { DataFeed } from './data/data-feed';
import { DataSender } from './data/data-sender';
import { PayloadStore } from './data/payload-store';
import type { Sandbox, SandboxOptions } from './sandbox.types';
import { ScenarioPlayer } from './scenarios/player';
import { buildServer } from './server';
import { WebhookDispatcher } from './webhooks/dispatcher';

/** Starts a fake Terra with one environment. The promise resolves when it listens. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { now = Date.now, log = () => undefined, host = '127.0.0.1' } = options;
  const behaviour = initialBehaviour();
  const initial = initialBehaviour();
  applyBehaviour(initial, structuredClone(options.behaviour ?? {}));
  const resetSwitches = (): void => {
    applyBehaviour(behaviour, structuredClone(initial));
  };
  resetSwitches();
  const dispatcher = new WebhookDispatcher({
    behaviour,
    signingSecret: options.signingSecret,
    url: options.webhookUrl,
    now,
    log,
  });
  const payloads = new PayloadStore({ behaviour, now, publicUrl: () => context.publicUrl });
  const data = new DataSender({ behaviour, dispatcher, payloads, now });
  const isLinked = ({ userId }: LinkedUser): boolean => account.users.has(userId);
  const feed = new DataFeed({ behaviour, data, isLinked, now });
  const account = new Account({
    behaviour,
    enabledProviders: options.enabledProviders ?? ENABLED_BY_DEFAULT,
    now,
    publish: (event, emitOptions) => dispatcher.send(event, emitOptions),
    sendData: (user, type) => data.send(user, type),
    onLinked: (user) => feed.follow(user),
  });
  const closing = new AbortController();
  const player = new ScenarioPlayer({
    account,
    behaviour,
    dispatcher,
    data,
    resetBehaviour: () => context.resetBehaviour(),
    closing: closing.signal,
  });
  const context: SandboxContext = {
    devId: options.devId,
    apiKey: options.apiKey,
    publicUrl: '',
    behaviour,
    initialBehaviour: initial,
    account,
    dispatcher,
    data,
    payloads,
    requests: [],
    callsCounted: 0,
    play: async (name, playOptions) => (context.played = await player.play(name, playOptions)),
    played: null,
    now,
    closing: closing.signal,
    resetBehaviour: () => {
      resetSwitches();
      context.callsCounted = 0;
      context.played = null;
    },
    reset: () => {
      context.resetBehaviour();
      feed.stop();
      dispatcher.reset();
      data.reset();
      payloads.clear();
      account.reset();
      context.requests.length = 0;
    },
  };

  const server = buildServer(context);
  await server.listen({ port: options.port ?? 0, host });
  const { port } = server.server.address() as AddressInfo;
  context.publicUrl = options.publicUrl?.replace(/(?<!\/)\/+$/, '') ?? `http://localhost:${port}`;
  const url = `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;

  return {
    url,
    publicUrl: context.publicUrl,
    apiUrl: `${url}/api/v2`,
    widgetUrl: `${url}/api/widget/session`,
    behaviour,
    account,
    data,
    requests: context.requests,
    deliveries: dispatcher.deliveries,
    emit: (event, emitOptions) => dispatcher.send(event, emitOptions),
    resend: (deliveryId) => dispatcher.resend(deliveryId),
    idle: (idleOptions) => dispatcher.idle(idleOptions),
    play: (name, playOptions) => context.play(name, playOptions),
    setWebhookUrl: (webhookUrl) => dispatcher.setUrl(webhookUrl),
    reset: context.reset,
    close: async () => {
      closing.abort();
      feed.stop();
      dispatcher.close();
      await server.close();
    },
  };
}
