import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import {
  ApiCount,
  ApiId,
  ApiNullableEnum,
  ApiNullableText,
  ApiReferenceId,
  ApiTime,
  PageOf,
  PageQueryDto,
} from '../../../http';
import { EVENT_TYPES, type EventType } from '../../event-types';
import type { DeliverySummary } from '../deliveries.repository';
import { DELIVERY_STATUSES, type DeliveryAttempt, type DeliveryStatus } from '../event-delivery.entity';

/** The filter and the page of a list of deliveries. */
export class ListEventDeliveriesDto extends PageQueryDto {
  @ApiPropertyOptional({ enum: DELIVERY_STATUSES, description: 'Current status of the delivery.' })
  @IsOptional()
  @IsIn(DELIVERY_STATUSES, { message: `must be one of ${DELIVERY_STATUSES.join(', ')}` })
  status?: DeliveryStatus;
}

@ApiSchema({ description: 'One attempt to deliver an event.' })
export class DeliveryAttemptDto {
  @ApiTime('When the attempt began.')
  at: Date;

  @ApiCount('HTTP status of the answer; null without an answer.', 503, { nullable: true })
  status: number | null;

  @ApiNullableText(
    'Why there was no answer: `timed_out`, `connection_failed`, `tls_failed`, `name_unresolved`, `address_forbidden`, …',
  )
  error: string | null;

  @ApiCount('How long the attempt took, in milliseconds.', 42)
  ms: number;

  static from({ at, status, error, ms }: DeliveryAttempt): DeliveryAttemptDto {
    return { at: new Date(at), status, error, ms };
  }
}

@ApiSchema({ description: 'The delivery of one event to one endpoint.' })
export class EventDeliveryDto {
  @ApiId('Id of the event, and `webhook-id` of each request.')
  eventId: string;

  @ApiNullableEnum(EVENT_TYPES, 'Type of the event; null if the event is gone.', 'connection.connected')
  type: EventType | null;

  @ApiReferenceId('Your id of the end user; null if the event is about none.', { nullable: true })
  referenceId: string | null;

  @ApiProperty({
    enum: DELIVERY_STATUSES,
    description:
      '`pending`: the service will send the event, or send it again. `delivered`: the endpoint answered 2xx. `given_up`: every attempt of three days failed. `dropped`: the event must not leave the service any more, or is gone.',
    example: 'delivered',
  })
  status: DeliveryStatus;

  @ApiCount('Number of attempts.', 1)
  attempts: number;

  @ApiProperty({ type: [DeliveryAttemptDto], description: 'The last ten attempts, oldest first.' })
  lastAttempts: DeliveryAttemptDto[];

  @ApiTime('When the attempt began that the endpoint accepted; null before.', { nullable: true })
  deliveredAt: Date | null;

  static from(delivery: DeliverySummary): EventDeliveryDto {
    const { eventId, type, laneKey, status, attempts, lastAttempts, deliveredAt } = delivery;
    return {
      eventId,
      type,
      referenceId: laneKey === '' ? null : laneKey,
      status,
      attempts,
      lastAttempts: lastAttempts.map((attempt) => DeliveryAttemptDto.from(attempt)),
      deliveredAt,
    };
  }
}

@ApiSchema({ description: 'A page of deliveries.' })
export class EventDeliveryPageDto extends PageOf(EventDeliveryDto, 'Newest events first.') {}
