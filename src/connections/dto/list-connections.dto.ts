import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { IsReferenceId, REFERENCE_ID_MAX_LENGTH } from '../../common';
import { CONNECTION_STATUSES, type ConnectionStatus } from '../connection-status';
import { PageQueryDto } from '../../http';

/** Filters of the list; all of them together must hold. */
export class ListConnectionsDto extends PageQueryDto {
  @ApiPropertyOptional({
    description: 'Your id of the end user, compared exactly.',
    example: 'user-4711',
    minLength: 1,
    maxLength: REFERENCE_ID_MAX_LENGTH,
  })
  @IsOptional()
  @IsReferenceId()
  referenceId?: string;

  @ApiPropertyOptional({
    description: "Terra's id of the account now.",
    example: '8f1f9bb2-3c5e-4a6b-9a53-6c4e5f1d2b3a',
  })
  @IsOptional()
  @Matches(/^\P{Cc}{1,200}$/u, { message: 'must have 1 to 200 characters' })
  terraUserId?: string;

  @ApiPropertyOptional({ description: 'Provider code; case does not matter.', example: 'GARMIN' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.toUpperCase() : value))
  @Matches(/^[A-Za-z0-9_.-]{1,64}$/, { message: 'is not a provider code' })
  provider?: string;

  @ApiPropertyOptional({
    enum: CONNECTION_STATUSES,
    description: 'Only those that are in this state now.',
  })
  @IsOptional()
  @IsIn(CONNECTION_STATUSES, { message: `must be one of ${CONNECTION_STATUSES.join(', ')}` })
  status?: ConnectionStatus;
}
