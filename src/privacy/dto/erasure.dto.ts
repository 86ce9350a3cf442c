import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { ApiId, ApiNullableText, ApiTime } from '../../http';
import {
  ERASURE_STATUSES,
  type Erasure,
  type ErasureConfirmation,
  type ErasureStatus,
} from '../erasure.entity';

@ApiSchema({ description: 'How Terra confirmed the end of one Terra user, without its id.' })
class ErasureConfirmationDto {
  /**
   * When the service requested the end of the Terra user.
   * @example '2026-11-24T09:30:00.000Z'
   */
  requestedAt: string;

  @ApiNullableText('When Terra confirmed the end.', '2026-11-24T09:30:01.000Z')
  confirmedAt: string | null;

  @ApiNullableText('`ended`, or `not_found`: Terra no longer knew the user.', 'ended')
  outcome: string | null;

  /**
   * Number of calls to Terra.
   * @example 1
   */
  attempts: number;
}

@ApiSchema({ description: 'The erasure of an end user. A completed erasure is the receipt.' })
export class ErasureDto {
  @ApiId('Id of the erasure, for `GET /v1/erasures/{id}`.')
  id: string;

  @ApiProperty({
    enum: ERASURE_STATUSES,
    description:
      "`pending`: the end user's connections have ended and late events have no effect, but the rows are not erased yet, for example because Terra has not confirmed every end. `completed`: no row of the service names the end user any more.",
    example: 'pending',
  })
  status: ErasureStatus;

  @ApiTime('When the erasure was requested.', { example: '2026-11-24T09:30:00.000Z' })
  requestedAt: Date;

  @ApiTime('When the erasure completed; null until then.', { nullable: true, example: null })
  completedAt: Date | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: 'Number of deleted or pseudonymized rows by kind; empty until the erasure has completed.',
    example: { connections: 1, facts: 4, webhookEvents: 3 },
  })
  counts: Record<string, number>;

  @ApiProperty({
    type: [ErasureConfirmationDto],
    description: 'How Terra confirmed the end of each Terra user; empty until the erasure has completed.',
  })
  confirmations: ErasureConfirmation[];

  static from({ id, status, requestedAt, completedAt, counts, confirmations }: Erasure): ErasureDto {
    return { id, status, requestedAt, completedAt, counts, confirmations };
  }
}
