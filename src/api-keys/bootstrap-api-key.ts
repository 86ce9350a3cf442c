import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { BootstrapKeyOptions } from '../config';
import { MIGRATE_COMMAND } from '../database';
import { ApiKeysService } from './api-keys.service';
import { hasSqlState, UNDEFINED_TABLE } from '../common';

/** Creates the admin key of the options at start-up, so that an operator needs no command for the first key. */
@Injectable()
export class BootstrapApiKey implements OnApplicationBootstrap {
  private readonly logger = new Logger(BootstrapApiKey.name);

  constructor(
    private readonly apiKeys: ApiKeysService,
    private readonly options: BootstrapKeyOptions,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { apiKey } = this.options;
    if (apiKey === undefined) return;
    try {
      const { id, revokedAt } = await this.apiKeys.ensure(apiKey, 'bootstrap');
      if (revokedAt) this.logger.warn({ event: 'api_key.bootstrap_revoked', apiKeyId: id });
    } catch (error) {
      if (!hasSqlState(error, UNDEFINED_TABLE)) throw error;
      throw new Error(`The database has no tables yet: run ${MIGRATE_COMMAND} first.`, { cause: error });
    }
  }
}
