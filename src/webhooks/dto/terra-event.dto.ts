import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';

// For the API's description alone. The body is read as the bytes that were signed, and nothing in it is refused.

@ApiSchema({ description: "A user of Terra's: one account of a person at a provider. More fields may come." })
export class TerraEventUserDto {
  @ApiProperty({ description: "Terra's id.", example: '8f1f9bb2-3c5e-4a6b-9a53-6c4e5f1d2b3a' })
  user_id: string;

  @ApiPropertyOptional({ description: 'Code of the provider.', example: 'GARMIN' })
  provider?: string;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    description: 'The end user, as the connect session named it.',
    example: 'user-4711',
  })
  reference_id?: string | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    description: 'What the person has agreed to, with commas between.',
    example: 'ACTIVITY_EXPORT,HEALTH_EXPORT',
  })
  scopes?: string | null;

  @ApiPropertyOptional({ description: 'False once the account has ended.', example: true })
  active?: boolean;
}

@ApiSchema({
  description:
    "An event of Terra's: these are the fields that most have, and each type has some of its own. Types that nobody knows are stored as well.",
})
export class TerraEventDto {
  @ApiProperty({
    description: 'What has happened: `auth`, `deauth`, `user_reauth`, `access_revoked`, `activity`, …',
    example: 'auth',
  })
  type: string;

  @ApiPropertyOptional({
    description: 'How it went: `success`, `error` or `warning`; an `auth` with `error` connects nothing.',
    example: 'success',
  })
  status?: string;

  @ApiPropertyOptional({
    description: 'Whom it is about; `user_reauth` has `old_user` and `new_user` instead.',
  })
  user?: TerraEventUserDto;
}
