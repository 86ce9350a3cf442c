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
import { IsLanguageTag } from './language-tag.validator';
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
   * first. If its provider has ended, `providers` may name a successor, which is the default when the provider is no longer
   * offered: the new connection then `succeeds` the old one, which the service disconnects when the new one is active. You may send the id of a merged connection.
   * @example '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10'
   */
  @ApiProperty({ format: 'uuid' })
  @IsOptional()
  @IsUUID('all', { message: 'must be the id of a connection' })
  connectionId?: string;

  /**
   * Language of the widget and of the pages of the service, as a BCP 47 tag. The service translates it to Terra's name of
   * the language. If it is absent or unknown, the language of the browser is used.
   * @example 'zh-Hans'
   */
  @ApiProperty({ maxLength: 64 })
  @IsOptional()
  @Validate(IsLanguageTag)
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

  /**
   * true: the end user may connect Apple Health with Terra's own app for iPhones.
   * @example false
   */
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  useTerraAvengersApp?: boolean;

  /**
   * The URL that opens your iPhone app, which then connects Apple Health. It must match an entry in RETURN_URLS.
   * @example 'https://app.example.com/devices/apple'
   */
  @IsOptional()
  @IsString({ message: 'must be a URL' })
  appleAppUrl?: string;

  /**
   * The URL that opens your Android app, which then connects Samsung Health. It must match an entry in RETURN_URLS.
   * @example 'https://app.example.com/devices/samsung'
   */
  @IsOptional()
  @IsString({ message: 'must be a URL' })
  samsungAppUrl?: string;

  /**
   * Connections of this end user that the widget shows as connected. Each entry is the `id` or the `terraUserId` of a
   * connection that is `active` or `needs_reauth`; the service sends its current Terra user to Terra.
   * @example ['01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10']
   */
  @IsOptional()
  @IsArray({ message: 'must be a list of ids' })
  @ArrayMaxSize(100, { message: 'must have at most 100 entries' })
  @Matches(/^[\x21-\x7e]{1,200}$/, { each: true, message: 'must hold ids of connections or Terra users' })
  connectedUids?: string[];

  /**
   * false: after connecting, the end user stays on the widget's own result page. true: the browser returns at once. Absent:
   * as Terra's dashboard says.
   * @example true
   */
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  bypassFeedback?: boolean;

  /**
   * true: when the link has expired, its page offers a fresh session of the same settings. Use it for links in messages,
   * which are opened late. A session can be renewed ten times, and until 30 days after the first one was created.
   * @example false
   */
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  renewable?: boolean;
}
