import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsOptional,
  IsString,
  Matches,
} from 'class-validator';
import { EVENT_TYPE_PATTERNS } from '../../event-type-patterns';

const MAX_TYPES = 100;
const TYPES_MESSAGE = `must have 1 to ${MAX_TYPES} entries`;
const UNKNOWN_TYPE =
  'must hold types of events, such as connection.connected, or groups, such as connection.*';
// No control characters. The flag `u` is missing on purpose: other languages read the pattern in openapi.json.
const DESCRIPTION_PATTERN = /^[^\x00-\x1f\x7f-\x9f]{1,200}$/;

@ApiSchema({ description: 'A webhook endpoint to create.' })
export class CreateWebhookEndpointDto {
  /**
   * Where the service sends events: `https`, port 443 or 8443, a host of the internet, no user name, no fragment. The
   * service follows no redirects. OUTBOUND_ALLOW_PRIVATE also allows private hosts, and `http` for them.
   * @example 'https://hooks.example.com/terra-connect'
   */
  @ApiProperty({ format: 'uri', maxLength: 2_048 })
  @IsString({ message: 'must be a URL' })
  url: string;

  /**
   * Types of events, and groups of types: `connection.*` has every type that starts with `connection.`, also types of later
   * versions. `*` has every type without health data, which only types of the group `data.*` bring.
   * @example ['connection.*', 'end_user.erased']
   */
  @ApiProperty({
    type: 'array',
    items: { type: 'string', enum: [...EVENT_TYPE_PATTERNS] },
    minItems: 1,
    maxItems: MAX_TYPES,
  })
  @IsArray({ message: 'must be a list of event types' })
  @ArrayMinSize(1, { message: TYPES_MESSAGE })
  @ArrayMaxSize(MAX_TYPES, { message: TYPES_MESSAGE })
  @IsIn(EVENT_TYPE_PATTERNS, { each: true, message: UNKNOWN_TYPE })
  types: string[];

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    description: 'Your note: 1 to 200 characters.',
    pattern: DESCRIPTION_PATTERN.source,
    maxLength: 200,
    example: 'Billing',
  })
  @IsOptional()
  @Matches(DESCRIPTION_PATTERN, { message: 'must have 1 to 200 characters, and no control character' })
  description?: string | null;

  /**
   * false: the endpoint gets no events until you enable it.
   * @example true
   */
  @ApiPropertyOptional({ default: true })
  @IsBoolean({ message: 'must be true or false' })
  enabled: boolean = true;
}
