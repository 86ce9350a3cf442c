import { ApiSchema } from '@nestjs/swagger';
import { ApiReferenceId, ApiTime } from '../../http';

@ApiSchema({ description: 'A token with which one phone attaches its health data to one end user.' })
export class SdkTokenDto {
  /**
   * Token for Terra's phone SDK. It works once. Terra binds it to the reference id: the phone cannot choose another one.
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
