import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApiKeysModule } from '../api-keys';
import { ObservabilityModule } from '../observability';
import { TerraModule } from '../terra';
import { ConnectionErasureRepository } from './erasure/connection-erasure.repository';
import { ConnectionErasureService } from './erasure/connection-erasure.service';
import { ConnectionFact } from './projection/connection-fact.entity';
import { ConnectionFactRepository } from './projection/connection-fact.repository';
import { ConnectionHistoryService } from './connection-history.service';
import { ConnectionIdentity } from './projection/connection-identity.entity';
import { ConnectionLifecycleService } from './projection/connection-lifecycle.service';
import { ConnectionProjectionRepository } from './projection/connection-projection.repository';
import { ConnectionProjector } from './projection/connection-projector.service';
import { ConnectionRetentionRepository } from './erasure/connection-retention.repository';
import { ConnectionRetentionService } from './erasure/connection-retention.service';
import { ReconcileTargetsRepository } from './reconcile-targets.repository';
import { ReconcileTargetsService } from './reconcile-targets.service';
import { Connection } from './connection.entity';
import { ConnectionRepository } from './connection.repository';
import { ConnectionsController } from './connections.controller';
import { ConnectionsService } from './connections.service';
import { Deauthentication } from './deauthentication/deauthentication.entity';
import { DeauthenticationRepository } from './deauthentication/deauthentication.repository';
import { DeauthenticationWorker } from './deauthentication/deauthentication.worker';
import { DeauthenticationsService } from './deauthentication/deauthentications.service';
import { Tombstone } from './erasure/tombstone.entity';

@Module({
  imports: [
    TypeOrmModule.forFeature([Connection, ConnectionFact, ConnectionIdentity, Deauthentication, Tombstone]),
    ApiKeysModule,
    ObservabilityModule,
    TerraModule,
  ],
  controllers: [ConnectionsController],
  providers: [
    ConnectionsService,
    ConnectionErasureService,
    ConnectionHistoryService,
    ConnectionLifecycleService,
    ConnectionProjector,
    ReconcileTargetsService,
    ConnectionRetentionService,
    ConnectionRetentionRepository,
    DeauthenticationsService,
    DeauthenticationWorker,
    ConnectionRepository,
    ConnectionErasureRepository,
    ConnectionFactRepository,
    ConnectionProjectionRepository,
    ReconcileTargetsRepository,
    DeauthenticationRepository,
  ],
  exports: [
    ConnectionsService,
    ConnectionErasureService,
    ConnectionHistoryService,
    ConnectionLifecycleService,
    ConnectionRetentionService,
    ReconcileTargetsService,
    DeauthenticationsService,
    DeauthenticationWorker,
  ],
})
export class ConnectionsModule {}
