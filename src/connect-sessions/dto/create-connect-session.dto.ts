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
import { IsReferenceId, REFERENCE_ID_MAX_LENGTH } from '../../common';
import { IsMetadata } from './metadata.validator';

@ApiSchema({
  description:
    'What a session may be asked to do. Only `referenceId` is needed; null says the same as leaving a field out.',
})
export class CreateConnectSessionDto {
  /**
   * Your id of the end user: 1 to 255 characters of any script, case-sensitive. Use the same one every time; it is how
   * everything about this person is found again. Take an id that means nothing elsewhere, no e-mail address.
   * @example 'user-4711'
   */
  @ApiProperty({ minLength: 1, maxLength: REFERENCE_ID_MAX_LENGTH })
  @IsReferenceId()
  referenceId: string;

  /**
   * Which providers to offer, by code (see `GET /v1/providers`; case does not matter). One alone skips Terra's chooser.
   * Absent or empty: all that the account has enabled, or that of `connectionId`.
   * @example ['GARMIN', 'OURA']
   */
  @IsOptional()
  @Transform(({ value }: { value: unknown }) =>
    Array.isArray(value)
      ? value.map((code: unknown) => (typeof code === 'string' ? code.trim().toUpperCase() : code))
      : value,
  )
  @IsArray({ message: 'must be a list of provider codes' })
  @ArrayMaxSize(100, { message: 'must have at most 100 entries' })
  @Matches(/^[A-Za-z0-9_.-]{1,64}$/, { each: true, message: 'must hold provider codes' })
  providers?: string[];

  /**
   * A connection of this end user that is to be connected anew: its provider alone is offered, and it keeps its id when
   * the person agrees with the same account, or when it has ended. Nothing is disconnected first. One that was merged
   * into another means that one.
   * @example '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10'
   */
  @ApiProperty({ format: 'uuid' })
  @IsOptional()
  @IsUUID('all', { message: 'must be the id of a connection' })
  connectionId?: string;

  /**
   * Language of the widget; the browser's if absent or unknown to Terra.
   * @example 'en'
   */
  @IsOptional()
  @Matches(/^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})?$/, {
    message: 'must be a language code such as en or zh_cn',
  })
  language?: string;

  /**
   * Where the browser goes after the widget; must be within the service's RETURN_URLS. `session_id` and `status`
   * (`connected`, `pending`, `failed`, `cancelled`) are added to it. Without it a page of this service is shown.
   * @example 'https://app.example.com/devices'
   */
  @IsOptional()
  @IsString({ message: 'must be a URL' })
  returnUrl?: string;

  /**
   * Where the browser goes instead when the attempt failed or was cancelled.
   * @example 'https://app.example.com/devices'
   */
  @IsOptional()
  @IsString({ message: 'must be a URL' })
  failureReturnUrl?: string;

  /**
   * Anything you want to find again with the session, at most 8 KB as JSON. Stays here; Terra never sees it.
   * @example { "campaign": "onboarding" }
   */
  @IsOptional()
  @Validate(IsMetadata)
  metadata?: Record<string, unknown>;

  /**
   * Show "disconnect" in the widget for accounts that this person has connected.
   * @example false
   */
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  showDisconnect?: boolean;

  /**
   * Let the person connect several providers before coming back.
   * @example false
   */
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  multiAuth?: boolean;
}
