import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { ApiTerraUserId } from '../../http';

// These classes only document the body: the service reads the signed bytes and rejects no field.

@ApiSchema({
  description: "Terra's record of one account of an end user at a provider. Terra may add fields.",
})
export class TerraEventUserDto {
  @ApiTerraUserId()
  user_id: string;

  @ApiPropertyOptional({ description: 'Code of the provider.', example: 'GARMIN' })
  provider?: string;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    description: 'Reference id of the end user, from the connect session.',
    example: 'user-4711',
  })
  reference_id?: string | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    description: 'Scopes that the end user has granted, separated by commas.',
    example: 'ACTIVITY_EXPORT,HEALTH_EXPORT',
  })
  scopes?: string | null;

  @ApiPropertyOptional({ description: 'Whether Terra calls this user active.', example: true })
  active?: boolean;
}

@ApiSchema({
  description:
    'An event of Terra. Most events have these fields, and each type has additional fields. The service also stores events of unknown types.',
})
export class TerraEventDto {
  @ApiProperty({
    description: 'What happened: `auth`, `deauth`, `user_reauth`, `access_revoked`, `activity`, …',
    example: 'auth',
  })
  type: string;

  @ApiPropertyOptional({
    description: 'Result: `success`, `error` or `warning`. An `auth` with `error` connects no account.',
    example: 'success',
  })
  status?: string;

  @ApiPropertyOptional({
    description: 'The Terra user of the event. `user_reauth` has `old_user` and `new_user` instead.',
  })
  user?: TerraEventUserDto;
}
