import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import {
  DELIVERY_STATUSES,
  EVENT_TYPES,
  type EndUserDelivery,
  type EndUserEndpoint,
  type EventType,
  type ToldEvents,
} from '../../events';
import { ApiCount, ApiId, ApiNullableText, ApiTime } from '../../http';
import { DATA_LAYOUTS, type DataLayout } from '../data-layout';
import { originOf } from '../event-conclusions';

@ApiSchema({ description: 'The delivery of an event to a webhook endpoint.' })
export class DiagnosedDeliveryDto {
  @ApiId('Id of the webhook endpoint.')
  endpointId: string;

  /**
   * The address of the endpoint without path and query, which may hold a secret.
   * @example 'https://receiver.example.com'
   */
  endpointOrigin: string;

  @ApiProperty({ description: 'Whether the endpoint is enabled.', example: true })
  endpointEnabled: boolean;

  @ApiProperty({
    enum: DELIVERY_STATUSES,
    description:
      '`pending`: the service will send the event, or send it again. `delivered`: the endpoint answered 2xx. `given_up`: every attempt of three days failed. `dropped`: the event must not leave the service any more, or is gone.',
    example: 'delivered',
  })
  status: EndUserDelivery['status'];

  @ApiCount('Number of attempts.', 1)
  attempts: number;

  @ApiTime(
    'When the service next sends events about this end user to the endpoint, the oldest first; null if this one does not wait, or while the endpoint is disabled.',
    { nullable: true, example: null },
  )
  nextAttemptAt: Date | null;

  @ApiTime('When the last attempt began; null before the first one.', { nullable: true })
  lastAttemptAt: Date | null;

  @ApiCount('HTTP status of the last answer; null without an answer.', 204, { nullable: true })
  lastStatus: number | null;

  @ApiNullableText('Why there was no answer at the last attempt, such as `timed_out`; null with one.')
  lastError: string | null;

  static from(delivery: EndUserDelivery, endpoint: EndUserEndpoint): DiagnosedDeliveryDto {
    const { endpointId, status, attempts, lastAttempt } = delivery;
    const { url, enabled, lane } = endpoint;
    return {
      endpointId,
      endpointOrigin: originOf(url),
      endpointEnabled: enabled,
      status,
      attempts,
      nextAttemptAt: status === 'pending' && enabled ? (lane?.dueAt ?? null) : null,
      lastAttemptAt: lastAttempt && new Date(lastAttempt.at),
      lastStatus: lastAttempt?.status ?? null,
      lastError: lastAttempt?.error ?? null,
    };
  }
}

@ApiSchema({ description: 'An event that the service has told about the end user, without its data.' })
export class DiagnosedEventDto {
  @ApiId('Id of the event.')
  id: string;

  @ApiProperty({ enum: EVENT_TYPES, description: 'Type of the event.', example: 'connection.connected' })
  type: EventType;

  @ApiCount('Place in the order of all events; null for a moment after the change.', 42, { nullable: true })
  position: number | null;

  @ApiTime('When it happened.')
  occurredAt: Date;

  @ApiId('Id of the connection; null if the event is about none.', { nullable: true })
  connectionId: string | null;

  /** Its deliveries to webhook endpoints; empty if none has asked for the type. */
  deliveries: DiagnosedDeliveryDto[];

  static listFrom({ events, endpoints }: ToldEvents): DiagnosedEventDto[] {
    const byId = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
    return events.map(({ id, type, position, occurredAt, connectionId, deliveries }) => ({
      id,
      type,
      position: position === null ? null : Number(position),
      occurredAt,
      connectionId,
      deliveries: deliveries.flatMap((delivery) => {
        const endpoint = byId.get(delivery.endpointId);
        return endpoint ? [DiagnosedDeliveryDto.from(delivery, endpoint)] : [];
      }),
    }));
  }
}

@ApiSchema({ description: 'Where the health data of your end users goes, as far as the service can see.' })
export class DataLayoutDto {
  @ApiProperty({
    enum: DATA_LAYOUTS,
    description:
      '`through_service`: Terra sends data to the service, which hands it on. `elsewhere`: accounts are connected, but no data arrives here, so Terra seems to send it straight to you. `not_forwarded`: data arrives, and nobody takes it, so the service drops it. `unknown`: too little has happened to say.',
    example: 'through_service',
  })
  layout: DataLayout['layout'];

  /**
   * What the service sees, and what to do, as text for a human reader. The text may change.
   * @example 'Terra sends health data to this service (last at about 2026-11-23T09:30:00.000Z), which hands it on to NATS.'
   */
  explanation: string;

  static from({ layout, explanation }: DataLayout): DataLayoutDto {
    return { layout, explanation };
  }
}
