import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { WebhookEventSummary } from '../webhook-events.repository';
import { WEBHOOK_EVENT_STATUSES, type WebhookEvent, type WebhookEventStatus } from '../webhook-event.entity';

@ApiSchema({ description: 'One delivery of Terra and what came of it.' })
export class WebhookEventDto {
  @ApiProperty({ format: 'uuid', description: 'Ours.', example: '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10' })
  id: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: "Terra's type; null until the event was first worked on, and when it cannot be read.",
    example: 'auth',
  })
  type: string | null;

  @ApiProperty({
    enum: WEBHOOK_EVENT_STATUSES,
    description:
      '`pending`: waits to be worked off. `done`: applied. `ignored`: of no meaning here. `parked`: about nobody known yet, or contradictory; changed nothing. `dead`: failed every attempt.',
    example: 'dead_lettered',
  })
  status: WebhookEventStatus;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Why it is ignored, parked or dead; of a pending one, what the last attempt failed with.',
    example: 'the Terra user is not known yet',
  })
  note: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: "Terra's id of the user whom it is about; of a `user_reauth`: the new one.",
    example: '8f1f9bb2-3c5e-4a6b-9a53-6c4e5f1d2b3a',
  })
  terraUserId: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Your id of the end user whom it names.',
    example: 'user-4711',
  })
  referenceId: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'X-Terra-Trace-Id: names the delivery.',
    example: '7a4a1f0c-52b0-4e0e-8d8b-0f6f8f2b9c11',
  })
  traceId: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: "Terra-Reference: Terra's name of what it sent, for its support.",
    example: '2b1b8a5e-6a8e-4c38-9f0d-6f3f1c9c7a55',
  })
  terraReference: string | null;

  /**
   * When Terra signed it.
   * @example '2026-11-23T09:30:00.000Z'
   */
  signedAt: Date;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description:
      'X-Terra-Ordering-Timestamp: when it happened, and what decides against newer news; `signedAt` does where it is null.',
    example: '2026-11-23T09:29:59.120Z',
  })
  occurredAt: Date | null;

  /**
   * When it was stored here.
   * @example '2026-11-23T09:30:00.000Z'
   */
  receivedAt: Date;

  @ApiProperty({ type: 'integer', description: 'How many attempts have failed.', example: 14 })
  attempts: number;

  /**
   * Of a pending one: when it is worked off at the earliest.
   * @example '2026-11-23T09:30:00.000Z'
   */
  nextAttemptAt: Date;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When it was worked off; null before that, and where every attempt failed.',
    example: null,
  })
  processedAt: Date | null;

  @ApiProperty({ type: 'integer', description: 'How often it was replayed.', example: 1 })
  replays: number;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When it was last replayed.',
    example: '2026-11-24T08:00:00.000Z',
  })
  replayedAt: Date | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Who replayed it last: the id of an API key, or `cli`.',
    example: 'cli',
  })
  replayedBy: string | null;

  static from(event: WebhookEventSummary): WebhookEventDto {
    return {
      id: event.id,
      type: event.type,
      status: event.status,
      note: event.note,
      terraUserId: event.terraUserId,
      referenceId: event.referenceId,
      traceId: event.traceId,
      terraReference: event.terraReference,
      signedAt: event.signedAt,
      occurredAt: event.occurredAt,
      receivedAt: event.receivedAt,
      attempts: event.attempts,
      nextAttemptAt: event.nextAttemptAt,
      processedAt: event.processedAt,
      replays: event.replays,
      replayedAt: event.replayedAt,
      replayedBy: event.replayedBy,
    };
  }
}

@ApiSchema({ description: 'One delivery of Terra, with what it says.' })
export class WebhookEventDetailDto extends WebhookEventDto {
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description:
      'What Terra sent, if it is a JSON object; of health data that was worked off, only whom it is about.',
    example: { type: 'auth', status: 'success', user: { user_id: '8f1f9bb2-3c5e-4a6b-9a53-6c4e5f1d2b3a' } },
  })
  body: Record<string, unknown> | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'What Terra sent, if it is none.',
    example: null,
  })
  bodyText: string | null;

  static override from(event: WebhookEvent): WebhookEventDetailDto {
    const text = event.body.toString('utf8');
    const body = toObject(text);
    return { ...WebhookEventDto.from(event), body, bodyText: body ? null : text };
  }
}

function toObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    // What is nested too deep can be read but not written.
    JSON.stringify(value);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
