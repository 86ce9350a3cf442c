import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { toNamespaces, type Environment } from '../config';
import { dataSourceOptions } from '../database';
import { TERRA_CONNECT_ENTITIES, TerraAuthModule } from '../terra-auth';

/** The service without HTTP and without workers, for commands that need Terra. */
@Module({})
export class WholeServiceModule {
  static forEnvironment(environment: Environment): DynamicModule {
    const { database, terraConnect } = toNamespaces(environment);
    return {
      module: WholeServiceModule,
      imports: [
        TypeOrmModule.forRoot({
          ...dataSourceOptions(database, TERRA_CONNECT_ENTITIES),
          retryAttempts: 0,
        }),
        TerraAuthModule.forRoot({ ...terraConnect, workersEnabled: false }),
      ],
    };
  }
}
