import { Module, type DynamicModule } from '@nestjs/common';
import { toNamespaces, type Environment } from '../config';
import { TERRA_CONNECT_ENTITIES, TerraAuthModule } from '../terra-auth';
import { databaseModule } from './database.module';

/** The service without HTTP and without workers, for commands that need Terra. */
@Module({})
export class WholeServiceModule {
  static forEnvironment(environment: Environment): DynamicModule {
    const { database, terraConnect } = toNamespaces(environment);
    return {
      module: WholeServiceModule,
      imports: [
        databaseModule(database, TERRA_CONNECT_ENTITIES),
        TerraAuthModule.forRoot({ ...terraConnect, workersEnabled: false }),
      ],
    };
  }
}
