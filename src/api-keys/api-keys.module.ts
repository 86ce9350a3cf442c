import { Module } from '@nestjs/common';
import { RateLimitsModule } from '../rate-limits';
import { ApiKeyCache } from './api-key.cache';
import { ApiKeyRepository } from './api-key.repository';
import { ApiKeysService } from './api-keys.service';
import { RefusedKeyLimit } from './refused-key.limit';

@Module({
  imports: [RateLimitsModule],
  providers: [ApiKeysService, ApiKeyRepository, ApiKeyCache, RefusedKeyLimit],
  // The API key guard runs in the module of its controller, so each of these modules needs both.
  exports: [ApiKeysService, RefusedKeyLimit],
})
export class ApiKeysModule {}
