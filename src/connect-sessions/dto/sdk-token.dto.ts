import { ApiSchema } from '@nestjs/swagger';

@ApiSchema({ description: 'Lets one phone attach its health data to one end user.' })
export class SdkTokenDto {
  /**
   * For Terra's phone SDK; single use. Bound to the reference: the phone cannot choose another.
   * @example '250c68b9c21b78e40e7a3285a2d538d3bc24aabd3b4c76a782fb0a571ca4501d'
   */
  token: string;

  /**
   * Your id of the end user.
   * @example 'user-4711'
   */
  referenceId: string;

  /**
   * Until when the SDK can be initialised with it.
   * @example '2026-11-23T09:33:00.000Z'
   */
  expiresAt: Date;
}
