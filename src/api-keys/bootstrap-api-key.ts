import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../config';
import { MIGRATE_COMMAND } from '../database';
import { ApiKeysService } from './api-keys.service';
import { hasSqlState, UNDEFINED_TABLE } from '../common';

/** Makes sure at start-up that the admin key of the options exists, so that the first key needs no command. */
@Injectable()
export class BootstrapApiKey implements OnApplicationBootstrap {
  private readonly logger = new Logger(BootstrapApiKey.name);

  constructor(
    private readonly apiKeys: ApiKeysService,
    @Inject(TERRA_CONNECT_OPTIONS) private readonly options: TerraConnectOptions,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const key = this.options.bootstrapApiKey;
    if (key === undefined) return;
    try {
      const { id, revokedAt } = await this.apiKeys.ensure(key, 'bootstrap');
      if (revokedAt) this.logger.warn({ event: 'api_key.bootstrap_revoked', apiKeyId: id });
    } catch (error) {
      if (!hasSqlState(error, UNDEFINED_TABLE)) throw error;
      throw new Error(`The database has no tables yet: run ${MIGRATE_COMMAND} first.`, { cause: error });
    }
  }
}
