import { Module, type DynamicModule } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ClosedByDefaultGuard } from './api-keys';
import { ManagementServer } from './app.management';
import { StartPageController } from './app.start-page';
import { ProblemFilter } from './http';
import { isDatabaseDown } from './common';
import { toNamespaces, type Environment, type Namespaces } from './config';
import { dataSourceOptions, openMigratedDatabase } from './database';
import { HealthModule } from './health';
import { ObservabilityModule } from './observability';
import { TERRA_CONNECT_ENTITIES, TerraAuthModule } from './terra-auth';

/** The service as a process: the embeddable module, with configuration, database, metrics and health checks. */
@Module({})
export class AppModule {
  static forEnvironment(environment: Environment): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot({
          isGlobal: true,
          ignoreEnvFile: true,
          skipProcessEnv: true,
          load: [() => toNamespaces(environment)],
        }),
        TypeOrmModule.forRootAsync({
          inject: [ConfigService],
          useFactory: (config: ConfigService<Namespaces, true>) => ({
            ...dataSourceOptions(config.get('database', { infer: true }), TERRA_CONNECT_ENTITIES),
            retryAttempts: 3,
            retryDelay: 1_000,
            toRetry: isDatabaseDown,
          }),
          dataSourceFactory: openMigratedDatabase,
        }),
        TerraAuthModule.forRootAsync({
          inject: [ConfigService],
          useFactory: (config: ConfigService<Namespaces, true>) =>
            config.get('terraConnect', { infer: true }),
        }),
        ObservabilityModule,
        HealthModule,
      ],
      controllers: [StartPageController],
      providers: [
        ManagementServer,
        { provide: APP_GUARD, useClass: ClosedByDefaultGuard },
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
    };
  }
}
