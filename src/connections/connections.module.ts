import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApiKeysModule } from '../api-keys';
import { ObservabilityModule } from '../observability';
import { TerraModule } from '../terra';
import { ConnectionErasureRepository } from './connection-erasure.repository';
import { ConnectionErasureService } from './connection-erasure.service';
import { ConnectionFact } from './connection-fact.entity';
import { ConnectionFactRepository } from './connection-fact.repository';
import { ConnectionHistoryService } from './connection-history.service';
import { ConnectionIdentity } from './connection-identity.entity';
import { ConnectionLifecycleService } from './connection-lifecycle.service';
import { ConnectionProjectionRepository } from './connection-projection.repository';
import { ConnectionProjector } from './connection-projector';
import { ConnectionRetentionRepository } from './connection-retention.repository';
import { ConnectionRetentionService } from './connection-retention.service';
import { ConnectionReviewRepository } from './connection-review.repository';
import { ConnectionReviewService } from './connection-review.service';
import { Connection } from './connection.entity';
import { ConnectionRepository } from './connection.repository';
import { ConnectionsController } from './connections.controller';
import { ConnectionsService } from './connections.service';
import { Deauthentication } from './deauthentication.entity';
import { DeauthenticationRepository } from './deauthentication.repository';
import { DeauthenticationWorker } from './deauthentication.worker';
import { DeauthenticationsService } from './deauthentications.service';
import { Tombstone } from './tombstone.entity';

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
    ConnectionReviewService,
    ConnectionRetentionService,
    ConnectionRetentionRepository,
    DeauthenticationsService,
    DeauthenticationWorker,
    ConnectionRepository,
    ConnectionErasureRepository,
    ConnectionFactRepository,
    ConnectionProjectionRepository,
    ConnectionReviewRepository,
    DeauthenticationRepository,
  ],
  exports: [
    ConnectionsService,
    ConnectionErasureService,
    ConnectionHistoryService,
    ConnectionLifecycleService,
    ConnectionRetentionService,
    ConnectionReviewService,
    DeauthenticationsService,
    DeauthenticationWorker,
  ],
})
export class ConnectionsModule {}
