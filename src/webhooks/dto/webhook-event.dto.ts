import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { decodeUtf8 } from '../../common';
import {
  ApiCount,
  ApiId,
  ApiNullableText,
  ApiReferenceId,
  ApiTerraUserId,
  ApiTime,
  EXAMPLE_TERRA_USER_ID,
  PageOf,
} from '../../http';
import { parseStoredBody } from '../stored-body';
import type { WebhookEventSummary } from '../webhook-events.repository';
import {
  WAITS_FOR_OWNER,
  WEBHOOK_EVENT_STATUSES,
  type WebhookEvent,
  type WebhookEventStatus,
} from '../webhook-event.entity';

@ApiSchema({ description: 'One webhook delivery from Terra, with its outcome.' })
export class WebhookEventDto {
  @ApiId('Id of the event.')
  id: string;

  @ApiNullableText(
    "Terra's type of the event; null before the first attempt to process it, and if the body is unreadable.",
    'auth',
  )
  type: string | null;

  @ApiProperty({
    enum: WEBHOOK_EVENT_STATUSES,
    description:
      '`pending`: the service will process the event. `done`: the service has applied it. `ignored`: the event needs no action. `parked`: the owner of its Terra user is unknown, or the event contradicts itself or the known owner; it has no effect yet. `dead_lettered`: every attempt failed, or the body is unreadable.',
    example: 'dead_lettered',
  })
  status: WebhookEventStatus;

  @ApiNullableText(
    'Why the event is ignored, parked or dead-lettered. For a pending event: the error of the last attempt.',
    WAITS_FOR_OWNER,
  )
  note: string | null;

  @ApiTerraUserId("Terra's `user_id` in the event; for `user_reauth`, the `user_id` of the new user.", {
    nullable: true,
  })
  terraUserId: string | null;

  @ApiReferenceId('Your id of the end user in the event; null if the event names none.', { nullable: true })
  referenceId: string | null;

  @ApiNullableText('Id of the delivery, from X-Terra-Trace-Id.', '7a4a1f0c-52b0-4e0e-8d8b-0f6f8f2b9c11')
  traceId: string | null;

  @ApiProperty({
    description:
      'true: an earlier delivery with the same `traceId` had another body. Ids of Terra are unique, so a proxy or a sender may have changed the header, which is not signed. The event is processed like any other.',
    example: false,
  })
  traceIdReused: boolean;

  @ApiNullableText(
    "Terra's id of the data in the event, from Terra-Reference. Terra's support may ask for it.",
    '2b1b8a5e-6a8e-4c38-9f0d-6f3f1c9c7a55',
  )
  terraReference: string | null;

  @ApiTime('When Terra signed the event.')
  signedAt: Date;

  @ApiTime(
    'When Terra says the event happened, from X-Terra-Ordering-Timestamp. The service orders events by this time, or by `signedAt` if it is null: Terra did not say, or said a time that is later than 5 minutes after `signedAt` or earlier than 31 days before it.',
    { nullable: true, example: '2026-11-23T09:29:59.120Z' },
  )
  occurredAt: Date | null;

  @ApiTime('When the service stored the event.')
  receivedAt: Date;

  @ApiCount('Number of failed attempts to process the event.', 14)
  attempts: number;

  @ApiTime('For a pending event: the earliest time of the next attempt.')
  nextAttemptAt: Date;

  @ApiTime('When the service processed the event; null before that, and if every attempt failed.', {
    nullable: true,
    example: null,
  })
  processedAt: Date | null;

  @ApiCount('Number of replays of the event.', 1)
  replays: number;

  @ApiTime('When the event was last replayed; null if it never was.', {
    nullable: true,
    example: '2026-11-24T08:00:00.000Z',
  })
  replayedAt: Date | null;

  @ApiNullableText('Who requested the last replay: the id of an API key, or `cli`.', 'cli')
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
      traceIdReused: event.traceIdReused,
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

@ApiSchema({ description: 'A page of webhook events.' })
export class WebhookEventPageDto extends PageOf(WebhookEventDto, 'Newest first.') {}

@ApiSchema({ description: 'One webhook delivery from Terra, with its body.' })
export class WebhookEventDetailDto extends WebhookEventDto {
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description:
      'The body, if it is a JSON object. After processing, the body of a health data event holds only the user and no data.',
    example: { type: 'auth', status: 'success', user: { user_id: EXAMPLE_TERRA_USER_ID } },
  })
  body: Record<string, unknown> | null;

  @ApiNullableText(
    'The body as text, if it is not a JSON object in UTF-8 or is nested too deeply. Bytes that are not UTF-8 appear as U+FFFD.',
  )
  bodyText: string | null;

  static override from(event: WebhookEvent): WebhookEventDetailDto {
    const text = decodeUtf8(event.body);
    const body = text === null ? null : toObject(text);
    return { ...WebhookEventDto.from(event), body, bodyText: body ? null : (text ?? event.body.toString()) };
  }
}

function toObject(text: string): Record<string, unknown> | null {
  const value = parseStoredBody(text);
  return value === null || Array.isArray(value) ? null : (value as Record<string, unknown>);
}
