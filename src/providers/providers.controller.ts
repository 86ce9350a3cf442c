import { Get } from '@nestjs/common';
import { RequireScope, RestController } from '../api-keys';
import { ProviderPageDto } from './dto/provider.dto';
import { ApiListProviders } from './providers.openapi';
import { ProvidersService } from './providers.service';

@RestController('v1/providers', 'Providers')
export class ProvidersController {
  constructor(private readonly providers: ProvidersService) {}

  @Get()
  @RequireScope('sessions:read')
  @ApiListProviders()
  async list(): Promise<ProviderPageDto> {
    return ProviderPageDto.from({ items: await this.providers.list(), nextCursor: null });
  }
}
