import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { CONNECTION_STATUSES, type ConnectionStatus } from '../connection-status';
import { IsInstant, PageQueryDto, ReferenceIdFilter, TextFilter } from '../../http';
import { canonicalProvider } from '../../terra';

/** Filters of the list. A connection must match all given filters. */
export class ListConnectionsDto extends PageQueryDto {
  @ReferenceIdFilter('Your id of the end user; case-sensitive.')
  referenceId?: string;

  @TextFilter("Terra's current `user_id` of the connection.", 200)
  terraUserId?: string;

  @ApiPropertyOptional({ description: 'Code of the provider; not case-sensitive.' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? canonicalProvider(value) : value,
  )
  @Matches(/^[A-Za-z0-9_.-]{1,64}$/, { message: 'is not a provider code' })
  provider?: string;

  @ApiPropertyOptional({
    enum: CONNECTION_STATUSES,
    description: 'Current status of the connection.',
  })
  @IsOptional()
  @IsIn(CONNECTION_STATUSES, { message: `must be one of ${CONNECTION_STATUSES.join(', ')}` })
  status?: ConnectionStatus;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description:
      'Only connections that changed at this time or later, in the order of their changes. Send a time with its zone, such as `2026-11-23T09:30:00Z`, or a date, which means 00:00 UTC. Send the same time with each `cursor`, and the `updatedUntil` of the last page to continue later.',
  })
  @IsOptional()
  @IsInstant()
  updatedSince?: Date;
}
