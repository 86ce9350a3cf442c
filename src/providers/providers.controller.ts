import { Get } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { RequireScope, RestController } from '../api-keys';
import { ApiProblems } from '../http';
import { TERRA_PROBLEMS } from '../terra';
import { ProviderPageDto } from './dto/provider.dto';
import { ProvidersService } from './providers.service';

@RestController('v1/providers', 'Providers')
export class ProvidersController {
  constructor(private readonly providers: ProvidersService) {}

  /**
   * Lists the providers that can be connected
   * @remarks What is enabled for this Terra account, phone-only ones included. Kept for ten minutes.
   */
  @Get()
  @RequireScope('sessions:read')
  @ApiOkResponse({ description: 'The whole catalogue.', type: ProviderPageDto })
  @ApiProblems(TERRA_PROBLEMS)
  async list(): Promise<ProviderPageDto> {
    return ProviderPageDto.from(await this.providers.list());
  }
}
