import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { DeliveryQueueRepository } from '../src/events/deliveries/delivery-queue.repository';
import { OutgoingEvent } from '../src/events';

const LEASE_MS = 60_000;

/** Times the statements by which the service picks its next deliveries, with its own classes. */
export const LaneTimer = {
  /**
   * @param lanes how many of each endpoint
   * @returns milliseconds in ascending order; the lanes are due again afterwards
   */
  async picks(url: string, endpointIds: string[], lanes: number, rounds: number): Promise<number[]> {
    const dataSource = new DataSource({ type: 'postgres', url, entities: [OutgoingEvent] });
    await dataSource.initialize();
    // It needs the bodies of events only to store outcomes.
    const queue = new DeliveryQueueRepository(dataSource, undefined as never);
    const lease = randomUUID();
    const wanted = endpointIds.map((endpointId) => ({ endpointId, lanes }));
    const times: number[] = [];
    try {
      for (let round = 0; round < rounds; round += 1) {
        const startedAt = performance.now();
        const now = new Date();
        const taken = await queue.take(wanted, { now, lease, until: new Date(now.getTime() + LEASE_MS) });
        const deliveries = await queue.nextOf(taken);
        times.push(performance.now() - startedAt);
        if (taken.length === 0 || deliveries.some((list) => list[0]?.event == null))
          throw new Error('A pick found no deliveries, or no event.');
        await dataSource.query(
          'UPDATE terra_connect.event_lanes SET lease = NULL, due_at = now() WHERE lease = $1',
          [lease],
        );
      }
      return times.sort((a, b) => a - b);
    } finally {
      await dataSource.destroy();
    }
  },
};
