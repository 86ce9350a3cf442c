export {
  ConnectionHistoryService,
  type ConnectionRecord,
  type HistoryLine,
} from './connection-history.service';
export type { StatusReason } from './connection-status';
export { Connection } from './connection.entity';
export { ConnectionsModule } from './connections.module';
export { ConnectionsService, type ConnectionFilter } from './connections.service';
export { Deauthentication } from './deauthentication/deauthentication.entity';
export { DeauthenticationWorker } from './deauthentication/deauthentication.worker';
export { DeauthenticationsService } from './deauthentication/deauthentications.service';
export { describeReasonProblem } from './dto/accept-owner.dto';
export { ConnectionDto } from './dto/connection.dto';
export { HistoryLineDto } from './dto/history-page.dto';
export { ConnectionPersonalData } from './erasure/connection-personal-data.service';
export { DataSubjectsService } from './erasure/data-subjects.service';
export { tombstoneDigest } from './erasure/pseudonym';
export { Tombstone } from './erasure/tombstone.entity';
export { FACT_CAUSES, type FactCause, type FactSource, type NewFact } from './projection/connection-fact';
export { ConnectionFact } from './projection/connection-fact.entity';
export { ConnectionIdentity } from './projection/connection-identity.entity';
export { ConnectionLifecycleService, type RecordedUser } from './projection/connection-lifecycle.service';
export { OwnerAcceptanceService } from './owner-acceptance.service';
export { ReceivedDataService } from './projection/received-data.service';
export { ProviderConnectionsRepository } from './provider-connections.repository';
export { ProvisionalConnectionsService } from './replacement/provisional-connections.service';
export { ReconcileTargetsRepository, type KnownTerraUser } from './reconcile-targets.repository';
