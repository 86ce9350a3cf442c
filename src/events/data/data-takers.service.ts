import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { NatsOptions } from '../../config';
import { EndpointsRepository } from '../endpoints/endpoints.repository';
import { natsTypesOf, typesOf } from '../event-type-patterns';
import type { EventType } from '../event-types';

/** Knows which data events somebody takes. Without a taker, no health data passes. */
@Injectable()
export class DataTakers {
  private readonly natsTypes: EventType[];

  constructor(
    private readonly endpoints: EndpointsRepository,
    nats: NatsOptions,
  ) {
    this.natsTypes = natsTypesOf(nats);
  }

  /** The types of data events that an enabled endpoint or NATS names. Reads them anew: an endpoint counts from its commit on. */
  async typesWanted(manager: EntityManager): Promise<ReadonlySet<EventType>> {
    const ofEndpoints = typesOf(await this.endpoints.patternsWanted(manager)) ?? [];
    return new Set([...ofEndpoints, ...this.natsTypes].filter((type) => type.startsWith('data.')));
  }
}
