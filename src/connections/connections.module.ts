import { Module } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys';
import { EventsModule } from '../events';
import { ObservabilityModule } from '../observability';
import { QueueModule } from '../queue';
import { TerraModule } from '../terra';
import { ConnectionHistoryService } from './connection-history.service';
import { ConnectionRepository } from './connection.repository';
import { ConnectionsController } from './connections.controller';
import { ConnectionsService } from './connections.service';
import { DataOwnerRepository } from './data/data-owner.repository';
import { ForwardedDataService } from './data/forwarded-data.service';
import { DeauthenticationCallService } from './deauthentication/deauthentication-call.service';
import { DeauthenticationRepository } from './deauthentication/deauthentication.repository';
import { DeauthenticationWorker } from './deauthentication/deauthentication.worker';
import { DeauthenticationsService } from './deauthentication/deauthentications.service';
import { ConnectionErasureRepository } from './erasure/connection-erasure.repository';
import { ConnectionPersonalData } from './erasure/connection-personal-data.service';
import { DataSubjectsService } from './erasure/data-subjects.service';
import { ErasedFactsService } from './erasure/erased-facts.service';
import { TombstoneRepository } from './erasure/tombstone.repository';
import { ConnectionFactRepository } from './projection/connection-fact.repository';
import { ConnectionLifecycleService } from './projection/connection-lifecycle.service';
import { ConnectionProjectionRepository } from './projection/connection-projection.repository';
import { ConnectionProjector } from './projection/connection-projector.service';
import { HistoryCompactionService } from './projection/history-compaction.service';
import { OwnedTerraUsers } from './projection/owned-terra-users';
import { ProjectionLoader } from './projection/projection-loader.service';
import { ProjectionWriterRepository } from './projection/projection-writer.repository';
import { ProviderSuccessionRepository } from './projection/provider-succession.repository';
import { OwnerAcceptanceService } from './owner-acceptance.service';
import { ReceivedDataRepository } from './projection/received-data.repository';
import { ReceivedDataService } from './projection/received-data.service';
import { ProviderConnectionsRepository } from './provider-connections.repository';
import { ReconcileTargetsRepository } from './reconcile-targets.repository';
import { ProvisionalConnectionRepository } from './replacement/provisional-connection.repository';
import { ProvisionalConnectionsService } from './replacement/provisional-connections.service';

@Module({
  imports: [ApiKeysModule, EventsModule, ObservabilityModule, QueueModule, TerraModule],
  controllers: [ConnectionsController],
  providers: [
    ConnectionsService,
    ConnectionHistoryService,
    OwnerAcceptanceService,
    ConnectionRepository,
    ReconcileTargetsRepository,
    ProviderConnectionsRepository,

    ConnectionLifecycleService,
    ConnectionProjector,
    ProjectionLoader,
    OwnedTerraUsers,
    ConnectionFactRepository,
    ConnectionProjectionRepository,
    ProjectionWriterRepository,
    ProviderSuccessionRepository,
    ReceivedDataService,
    ReceivedDataRepository,
    ForwardedDataService,
    DataOwnerRepository,
    HistoryCompactionService,

    ProvisionalConnectionsService,
    ProvisionalConnectionRepository,

    DeauthenticationsService,
    DeauthenticationCallService,
    DeauthenticationWorker,
    DeauthenticationRepository,

    ConnectionPersonalData,
    DataSubjectsService,
    ErasedFactsService,
    ConnectionErasureRepository,
    TombstoneRepository,
  ],
  exports: [
    ConnectionsService,
    ConnectionHistoryService,
    OwnerAcceptanceService,
    ReconcileTargetsRepository,
    ProviderConnectionsRepository,
    ConnectionLifecycleService,
    OwnedTerraUsers,
    ReceivedDataService,
    ForwardedDataService,
    ProvisionalConnectionsService,
    DeauthenticationsService,
    DeauthenticationWorker,
    ConnectionPersonalData,
    DataSubjectsService,
  ],
})
export class ConnectionsModule {}
