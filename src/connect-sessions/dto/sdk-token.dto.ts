import { ApiSchema } from '@nestjs/swagger';
import { ApiReferenceId, ApiTime } from '../../http';

@ApiSchema({ description: "A token for Terra's phone SDK. It connects the phone of one end user." })
export class SdkTokenDto {
  /**
   * The token. It works once. Terra binds it to the reference id, so the phone cannot choose another end user.
   * @example '250c68b9c21b78e40e7a3285a2d538d3bc24aabd3b4c76a782fb0a571ca4501d'
   */
  token: string;

  @ApiReferenceId()
  referenceId: string;

  @ApiTime('When the token expires. Initialise the SDK before that.', { example: '2026-11-23T09:33:00.000Z' })
  expiresAt: Date;

  static from(
    { token, expiresInSeconds }: { token: string; expiresInSeconds: number },
    referenceId: string,
    now: Date,
  ): SdkTokenDto {
    return { token, referenceId, expiresAt: new Date(now.getTime() + expiresInSeconds * 1_000) };
  }
}
