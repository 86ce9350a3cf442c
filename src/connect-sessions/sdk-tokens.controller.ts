import { Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiParam } from '@nestjs/swagger';
import { RequireScope, RestController } from '../api-keys';
import { ApiProblems, Clock, REFERENCE_ID_MAX_LENGTH, ReferenceIdPipe, TERRA_PROBLEMS } from '../common';
import { TerraClient } from '../terra';
import { SdkTokenDto } from './dto/sdk-token.dto';

@RestController('v1/end-users', 'End users')
export class SdkTokensController {
  constructor(
    private readonly terra: TerraClient,
    private readonly clock: Clock,
  ) {}

  /**
   * Gets a token for Terra's phone SDK
   * @remarks Apple Health, Samsung Health and Health Connect live on the phone: its app initialises Terra's SDK with this
   * token, and the connection is told by webhook.
   */
  @Post(':referenceId/sdk-tokens')
  @RequireScope('sessions:write')
  @ApiParam({
    name: 'referenceId',
    description: 'Your id of the end user, percent-encoded.',
    schema: {
      type: 'string',
      minLength: 1,
      maxLength: REFERENCE_ID_MAX_LENGTH,
      example: 'user-4711',
    },
  })
  @ApiCreatedResponse({ description: 'The token; single use.', type: SdkTokenDto })
  @ApiProblems({
    413: { 'request.too_large': 'A body of more than 1 MB came; none is needed.' },
    415: { 'request.unsupported_media_type': 'A body came, and not as application/json; none is needed.' },
    422: {
      'request.invalid': {
        when: 'The reference id cannot be accepted.',
        members: { errors: [{ field: 'referenceId', detail: 'must not hold control characters' }] },
      },
    },
    ...TERRA_PROBLEMS,
  })
  async create(@Param('referenceId', ReferenceIdPipe) referenceId: string): Promise<SdkTokenDto> {
    const { token, expiresInSeconds } = await this.terra.createSdkToken(referenceId);
    return { token, referenceId, expiresAt: new Date(this.clock.now().getTime() + expiresInSeconds * 1_000) };
  }
}
