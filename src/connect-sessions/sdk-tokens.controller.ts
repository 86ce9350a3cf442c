import { Param, Post } from '@nestjs/common';
import { RequireScope, RestController } from '../api-keys';
import { Clock } from '../common';
import { ReferenceIdPipe } from '../http';
import { TerraClient } from '../terra';
import { SdkTokenDto } from './dto/sdk-token.dto';
import { ApiCreateSdkToken } from './sdk-tokens.openapi';

@RestController('v1/end-users', 'End users')
export class SdkTokensController {
  constructor(
    private readonly terra: TerraClient,
    private readonly clock: Clock,
  ) {}

  @Post(':referenceId/sdk-tokens')
  @RequireScope('sessions:write')
  @ApiCreateSdkToken()
  async create(@Param('referenceId', ReferenceIdPipe) referenceId: string): Promise<SdkTokenDto> {
    return SdkTokenDto.from(await this.terra.createSdkToken(referenceId), referenceId, this.clock.now());
  }
}
