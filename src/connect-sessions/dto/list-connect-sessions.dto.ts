import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { PageQueryDto, ReferenceIdFilter } from '../../http';
import { CONNECT_SESSION_STATUSES, type ConnectSessionStatus } from '../connect-session-status';

/** Filters of the list. A session must match all given filters. */
export class ListConnectSessionsDto extends PageQueryDto {
  @ReferenceIdFilter('Your id of the end user; case-sensitive.')
  referenceId?: string;

  @ApiPropertyOptional({ enum: CONNECT_SESSION_STATUSES, description: 'Current status of the session.' })
  @IsOptional()
  @IsIn(CONNECT_SESSION_STATUSES, { message: `must be one of ${CONNECT_SESSION_STATUSES.join(', ')}` })
  status?: ConnectSessionStatus;
}
