import { Module } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys';
import { TerraModule } from '../terra';
import { ProviderSuccessors } from './provider-successors';
import { ProvidersController } from './providers.controller';
import { ProvidersService } from './providers.service';

@Module({
  imports: [ApiKeysModule, TerraModule],
  controllers: [ProvidersController],
  providers: [ProvidersService, ProviderSuccessors],
  exports: [ProvidersService, ProviderSuccessors],
})
export class ProvidersModule {}
