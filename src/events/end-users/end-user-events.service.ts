import { Injectable } from '@nestjs/common';
import { NatsOptions } from '../../config';
import { natsTypesOf, typesOf } from '../event-type-patterns';
import type { EventType } from '../event-types';
import {
  EndUserEventsRepository,
  type EndUserDelivery,
  type EndUserEndpoint,
  type EndUserEvent,
} from './end-user-events.repository';

/** What the service has told about an end user, and to whom. */
export interface ToldEvents {
  /** Newest first. */
  events: (EndUserEvent & { deliveries: EndUserDelivery[] })[];
  /** Every endpoint, oldest first. */
  endpoints: EndUserEndpoint[];
  /** Who takes health data now: the ids of enabled endpoints, and `nats`. */
  dataTakers: string[];
}

/** Reads the newest events about an end user and their deliveries, with a fixed number of statements. */
@Injectable()
export class EndUserEvents {
  private readonly natsTypes: EventType[];

  constructor(
    private readonly repository: EndUserEventsRepository,
    nats: NatsOptions,
  ) {
    this.natsTypes = natsTypesOf(nats);
  }

  async read(referenceId: string, limit: number): Promise<ToldEvents> {
    const [events, endpoints] = await Promise.all([
      this.repository.newest(referenceId, limit),
      this.repository.endpoints(referenceId),
    ]);
    const deliveries = await this.repository.deliveriesOf(events.map(({ id }) => id));
    return {
      events: events.map((event) => ({
        ...event,
        deliveries: deliveries.filter(({ eventId }) => eventId === event.id),
      })),
      endpoints,
      dataTakers: [
        ...endpoints.flatMap(({ id, enabled, types }) => (enabled && takesData(typesOf(types)) ? id : [])),
        ...(takesData(this.natsTypes) ? ['nats'] : []),
      ],
    };
  }
}

function takesData(types: EventType[] | null): boolean {
  return types?.some((type) => type.startsWith('data.')) ?? false;
}
