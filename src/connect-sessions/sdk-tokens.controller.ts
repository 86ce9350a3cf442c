import { Param, Post } from '@nestjs/common';
import { ApiCreatedResponse } from '@nestjs/swagger';
import { RequireScope, RestController } from '../api-keys';
import { Clock } from '../common';
import { TerraClient, TERRA_PROBLEMS } from '../terra';
import { SdkTokenDto } from './dto/sdk-token.dto';
import {
  ApiProblems,
  ApiReferenceId,
  NO_BODY_PROBLEMS,
  REFERENCE_ID_PROBLEM,
  ReferenceIdPipe,
} from '../http';

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
  @ApiReferenceId()
  @ApiCreatedResponse({ description: 'The token; single use.', type: SdkTokenDto })
  @ApiProblems({
    ...NO_BODY_PROBLEMS,
    ...REFERENCE_ID_PROBLEM,
    ...TERRA_PROBLEMS,
  })
  async create(@Param('referenceId', ReferenceIdPipe) referenceId: string): Promise<SdkTokenDto> {
    const { token, expiresInSeconds } = await this.terra.createSdkToken(referenceId);
    return { token, referenceId, expiresAt: new Date(this.clock.now().getTime() + expiresInSeconds * 1_000) };
  }
}
