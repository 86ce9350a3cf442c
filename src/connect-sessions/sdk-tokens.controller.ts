import { Param, Post, Query } from '@nestjs/common';
import { RequireScope, RestController } from '../api-keys';
import { Clock } from '../common';
import { NewEndUserQueryDto, NewReferenceIdPipe } from '../http';
import { LimitedCreation } from './client-limit.guard';
import { SdkTokenDto } from './dto/sdk-token.dto';
import { ApiCreateSdkToken } from './sdk-tokens.openapi';
import { SdkTokensService } from './sdk-tokens.service';

@RestController('v1/end-users', 'End users')
export class SdkTokensController {
  constructor(
    private readonly tokens: SdkTokensService,
    private readonly clock: Clock,
  ) {}

  @Post(':referenceId/sdk-tokens')
  @RequireScope('sessions:write')
  @LimitedCreation()
  @ApiCreateSdkToken('path')
  async create(@Param('referenceId', NewReferenceIdPipe) referenceId: string): Promise<SdkTokenDto> {
    return SdkTokenDto.from(await this.tokens.create(referenceId), referenceId, this.clock.now());
  }

  @Post('sdk-tokens')
  @RequireScope('sessions:write')
  @LimitedCreation()
  @ApiCreateSdkToken('query')
  createByQuery(@Query() { referenceId }: NewEndUserQueryDto): Promise<SdkTokenDto> {
    return this.create(referenceId);
  }
}
