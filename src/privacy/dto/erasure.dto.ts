import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import {
  ERASURE_STATUSES,
  type Erasure,
  type ErasureConfirmation,
  type ErasureStatus,
} from '../erasure.entity';

@ApiSchema({ description: 'How Terra confirmed the end of one account; without saying which.' })
export class ErasureConfirmationDto {
  /**
   * When it was asked for.
   * @example '2026-11-24T09:30:00.000Z'
   */
  requestedAt: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'When Terra confirmed.',
    example: '2026-11-24T09:30:01.000Z',
  })
  confirmedAt: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: '`ended`, or `not_found`: Terra did not know the account any more.',
    example: 'ended',
  })
  outcome: string | null;

  /**
   * Calls that it took.
   * @example 1
   */
  attempts: number;
}

@ApiSchema({ description: 'The erasure of an end user; once it is complete, its receipt.' })
export class ErasureDto {
  @ApiProperty({
    format: 'uuid',
    description: 'Of the erasure; `GET /v1/erasures/{id}` reads it.',
    example: '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10',
  })
  id: string;

  @ApiProperty({
    enum: ERASURE_STATUSES,
    description:
      '`pending`: their connections have ended here, and late news is kept out; Terra has still to confirm. `completed`: nothing here names them any more.',
    example: 'pending',
  })
  status: ErasureStatus;

  /**
   * When it was asked for.
   * @example '2026-11-24T09:30:00.000Z'
   */
  requestedAt: Date;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When it was complete; null until then.',
    example: null,
  })
  completedAt: Date | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description:
      'How many rows were deleted or made unreadable, by what they were; empty until it is complete.',
    example: { connections: 1, facts: 4, webhookEvents: 3 },
  })
  counts: Record<string, number>;

  @ApiProperty({
    type: [ErasureConfirmationDto],
    description: 'How Terra confirmed the end of each of their accounts; empty until it is complete.',
  })
  confirmations: ErasureConfirmation[];

  static from({ id, status, requestedAt, completedAt, counts, confirmations }: Erasure): ErasureDto {
    return { id, status, requestedAt, completedAt, counts, confirmations };
  }
}
