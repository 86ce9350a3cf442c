import { setTimeout as sleep } from 'node:timers/promises';
import { serveTasks } from '../task-process';
import type { Arrivals, ExpectedEvents, Taken } from './arrivals';
import { readFeed, readNats } from './readers';
import { ServiceApi } from './service-api';
import { hang, receive } from './webhook-receivers';

/** What the process of the takers does, and what it answers. */
export interface TakerTasks {
  /** Must come first: which service the takers use. */
  open: (service: { origin: string; apiKey: string }) => Promise<void>;
  /** Subscribes webhook endpoints whose receivers answer at once. */
  receive: (wanted: { endpoints: number; types: string[] }) => Promise<string[]>;
  /** Subscribes a webhook endpoint that never answers. @returns its id */
  hang: (wanted: { types: string[] }) => Promise<string>;
  enable: (wanted: { endpointId: string; enabled: boolean }) => Promise<void>;
  readFeed: () => Promise<void>;
  readNats: (from: { servers: string; stream: string }) => Promise<void>;
  /** Waits until each taker has got all of these events. Fails when one is missing, wrong, repeated or out of order. */
  take: (wanted: { expected: ExpectedEvents; withinMs: number }) => Promise<Taken[]>;
  /** How many events came to all takers together. Fails when one was wrong, repeated or out of order. */
  count: () => Promise<number>;
  /** Deletes the endpoints, and closes all takers. */
  close: () => Promise<void>;
}

export type TakerTask = {
  [Kind in keyof TakerTasks]: { kind: Kind } & (Parameters<TakerTasks[Kind]>[0] extends object
    ? Parameters<TakerTasks[Kind]>[0]
    : object);
}[keyof TakerTasks];

interface Taker {
  endpointId?: string;
  arrivals: Arrivals | null;
  close: () => Promise<void>;
}

const POLL_MS = 20;

let api: ServiceApi;
let takers: Taker[] = [];

const TASKS: TakerTasks = {
  open: ({ origin, apiKey }) => {
    api = new ServiceApi(origin, apiKey);
    return Promise.resolve();
  },
  receive: async ({ endpoints, types }) => {
    const ids: string[] = [];
    for (let n = 0; n < endpoints; n += 1) {
      const receiver = await receive(api, types);
      takers.push(receiver);
      ids.push(receiver.endpointId);
    }
    return ids;
  },
  hang: async ({ types }) => {
    const receiver = await hang(api, types);
    takers.push(receiver);
    return receiver.endpointId;
  },
  enable: ({ endpointId, enabled }) => api.enable(endpointId, enabled),
  readFeed: async () => {
    takers.push(await readFeed(api));
  },
  readNats: async ({ servers, stream }) => {
    takers.push(await readNats(servers, stream));
  },
  take: async ({ expected, withinMs }) => {
    const all = takers.flatMap(({ arrivals }) => arrivals ?? []);
    const end = performance.now() + withinMs;
    const isComplete = (): boolean =>
      all.every(({ count, problem }) => count >= expected.count || problem !== null);
    while (!isComplete() && performance.now() < end) await sleep(POLL_MS);
    return all.map((arrivals) => arrivals.take(expected));
  },
  count: () => {
    const all = takers.flatMap(({ arrivals }) => arrivals ?? []);
    for (const { problem } of all) if (problem !== null) throw new Error(problem);
    return Promise.resolve(all.reduce((sum, { count }) => sum + count, 0));
  },
  close: async () => {
    for (const { endpointId } of takers) if (endpointId !== undefined) await api.deleteEndpoint(endpointId);
    await Promise.all(takers.map((taker) => taker.close()));
    takers = [];
    await api.close();
  },
};

serveTasks<TakerTask>((task) => (TASKS[task.kind] as (task: TakerTask) => Promise<unknown>)(task));
