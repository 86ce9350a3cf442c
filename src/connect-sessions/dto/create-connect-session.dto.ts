import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  Validate,
} from 'class-validator';
import { IsNewReferenceId, REFERENCE_ID_MAX_LENGTH } from '../../common';
import { canonicalProvider } from '../../terra';
import { IsMetadata } from './metadata.validator';

@ApiSchema({
  description:
    'Options of a connect session. Only `referenceId` is required. A null field means the same as an absent field.',
})
export class CreateConnectSessionDto {
  /**
   * Your id of the end user: 1 to 255 characters of any script, case-sensitive. Always use the same id for the same end
   * user. Use an id that has no meaning elsewhere: for example, no e-mail address. The service rejects ids that proxies
   * change in a URL: with white space or a slash at the start or the end, with `//`, and with `.` or `..` alone or
   * between slashes.
   * @example 'user-4711'
   */
  @ApiProperty({ minLength: 1, maxLength: REFERENCE_ID_MAX_LENGTH })
  @IsNewReferenceId()
  referenceId: string;

  /**
   * Codes of the providers to offer, from `GET /v1/providers`; not case-sensitive. With one code, the widget skips the
   * choice of a provider. Absent or empty: the provider of `connectionId`, or else all providers that your Terra account
   * has enabled.
   * @example ['GARMIN', 'OURA']
   */
  @IsOptional()
  @Transform(({ value }: { value: unknown }) =>
    Array.isArray(value)
      ? value.map((code: unknown) => (typeof code === 'string' ? canonicalProvider(code) : code))
      : value,
  )
  @IsArray({ message: 'must be a list of provider codes' })
  @ArrayMaxSize(100, { message: 'must have at most 100 entries' })
  @Matches(/^[A-Za-z0-9_.-]{1,64}$/, { each: true, message: 'must hold provider codes' })
  providers?: string[];

  /**
   * A connection of this end user to reconnect. The widget offers only its provider. The connection keeps its id if the
   * end user connects the same account, or if the connection has ended. The service does not disconnect the old account
   * first. You may send the id of a merged connection.
   * @example '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10'
   */
  @ApiProperty({ format: 'uuid' })
  @IsOptional()
  @IsUUID('all', { message: 'must be the id of a connection' })
  connectionId?: string;

  /**
   * Language of the widget. If it is absent or unknown to Terra, the widget uses the language of the browser.
   * @example 'en'
   */
  @IsOptional()
  @Matches(/^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})?$/, {
    message: 'must be a language code such as en or zh_cn',
  })
  language?: string;

  /**
   * Where the browser goes after the widget. The URL must match an entry in RETURN_URLS. The service adds `session_id`
   * and `status` (`connected`, `pending`, `failed`, `cancelled`). Absent: a page of the service.
   * @example 'https://app.example.com/devices'
   */
  @IsOptional()
  @IsString({ message: 'must be a URL' })
  returnUrl?: string;

  /**
   * Where the browser goes after a failed or cancelled attempt. Absent: `returnUrl`.
   * @example 'https://app.example.com/devices'
   */
  @IsOptional()
  @IsString({ message: 'must be a URL' })
  failureReturnUrl?: string;

  /**
   * Your own data, at most 8 KB as JSON. The service returns it with the session and does not send it to Terra.
   * @example { "campaign": "onboarding" }
   */
  @IsOptional()
  @Validate(IsMetadata)
  metadata?: Record<string, unknown>;

  /**
   * true: the widget offers to disconnect the end user's connected accounts.
   * @example false
   */
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  showDisconnect?: boolean;

  /**
   * true: the end user may connect several providers before the browser returns.
   * @example false
   */
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  multiAuth?: boolean;
}
