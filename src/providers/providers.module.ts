import { Module } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys';
import { TerraModule } from '../terra';
import { ProvidersController } from './providers.controller';
import { ProvidersService } from './providers.service';

@Module({
  imports: [ApiKeysModule, TerraModule],
  controllers: [ProvidersController],
  providers: [ProvidersService],
  exports: [ProvidersService],
})
export class ProvidersModule {}
