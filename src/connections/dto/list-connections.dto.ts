import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { IsReferenceId, PageQueryDto } from '../../common';
import { CONNECTION_STATUSES, type ConnectionStatus } from '../connection-status';

/** Filters of the list; all of them together must hold. */
export class ListConnectionsDto extends PageQueryDto {
  /**
   * Your id of the end user, compared exactly.
   * @example 'user-4711'
   */
  @IsOptional()
  @IsReferenceId()
  referenceId?: string;

  /** Terra's id of the account now. */
  @IsOptional()
  @Matches(/^\P{Cc}{1,200}$/u, { message: 'must have 1 to 200 characters' })
  terraUserId?: string;

  /**
   * Provider code; case does not matter.
   * @example 'GARMIN'
   */
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.toUpperCase() : value))
  @Matches(/^[A-Z0-9_.-]{1,64}$/, { message: 'is not a provider code' })
  provider?: string;

  @ApiPropertyOptional({ enum: CONNECTION_STATUSES })
  @IsOptional()
  @IsIn(CONNECTION_STATUSES, { message: `must be one of ${CONNECTION_STATUSES.join(', ')}` })
  status?: ConnectionStatus;
}
