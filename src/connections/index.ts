export { ConnectionHistoryService, type ConnectionRecord } from './connection-history.service';
export type { StatusReason } from './connection-status';
export { Connection } from './connection.entity';
export type { ListedConnection } from './connection.repository';
export { ConnectionsModule } from './connections.module';
export { ConnectionsService, type ConnectionFilter } from './connections.service';
export { ForwardedDataService } from './data/forwarded-data.service';
export type { DataPassage } from './data/data-passage';
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
export type { Tombstones } from './erasure/tombstone.repository';
export {
  FACT_CAUSES,
  FACT_ORIGINS,
  type FactCause,
  type FactSource,
  type NewFact,
} from './projection/connection-fact';
export { ConnectionFact } from './projection/connection-fact.entity';
export { ConnectionIdentity } from './projection/connection-identity.entity';
export { ConnectionLifecycleService, type RecordedUser } from './projection/connection-lifecycle.service';
export { OwnedTerraUsers } from './projection/owned-terra-users';
export { OwnerAcceptanceService } from './owner-acceptance.service';
export type { Succession } from './projection/provider-succession.repository';
export { ReceivedDataService, type ProviderAccount } from './projection/received-data.service';
export type { DataTouch } from './projection/received-data.repository';
export { ProviderConnectionsRepository } from './provider-connections.repository';
export { ProvisionalConnectionsService } from './replacement/provisional-connections.service';
export { ReconcileTargetsRepository, type KnownTerraUser } from './reconcile-targets.repository';
