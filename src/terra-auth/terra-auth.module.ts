import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApiKeysModule, BootstrapApiKey } from '../api-keys';
import { OPTION_PROVIDERS, OPTION_SLICES, TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../config';
import { ConnectSessionsModule } from '../connect-sessions';
import { ConnectionsModule } from '../connections';
import { ClockModule } from '../database';
import { DiagnosisModule } from '../diagnosis';
import { EventsModule } from '../events';
import { PrivacyModule } from '../privacy';
import { ProviderRetirementModule } from '../provider-retirement';
import { ProvidersModule } from '../providers';
import { ReconciliationModule } from '../reconciliation';
import { WebhooksModule } from '../webhooks';
import { TERRA_CONNECT_ENTITIES } from './entities';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<TerraConnectOptions>({
  optionsInjectionToken: TERRA_CONNECT_OPTIONS,
})
  .setClassMethodName('forRoot')
  // The module is global, because every module below injects a part of the options. The other exports are for the host.
  .setExtras({ global: true }, (definition, { global }) => ({ ...definition, global }))
  .build();

/**
 * Terra's authentication flow as one module, for this service and for any other Nest application: `forRoot(options)` or
 * `forRootAsync({ imports, inject, useFactory })`. The host provides a TypeORM data source that has
 * `TERRA_CONNECT_ENTITIES`, with `TERRA_CONNECT_MIGRATIONS` applied. See docs/embedding.md.
 */
@Module({
  imports: [
    // For a host with `autoLoadEntities`.
    TypeOrmModule.forFeature(TERRA_CONNECT_ENTITIES),
    ClockModule,
    ApiKeysModule,
    EventsModule,
    ProvidersModule,
    ConnectionsModule,
    ReconciliationModule,
    ConnectSessionsModule,
    ProviderRetirementModule,
    WebhooksModule,
    DiagnosisModule,
    PrivacyModule,
  ],
  providers: [...OPTION_PROVIDERS, BootstrapApiKey],
  exports: [
    ...OPTION_SLICES,
    ApiKeysModule,
    EventsModule,
    ProvidersModule,
    ConnectionsModule,
    ReconciliationModule,
    ConnectSessionsModule,
    ProviderRetirementModule,
    WebhooksModule,
    DiagnosisModule,
    PrivacyModule,
  ],
})
export class TerraAuthModule extends ConfigurableModuleClass {}
