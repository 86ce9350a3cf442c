export type { PersonIds } from './erasure/connection-erasure.repository';
export { ConnectionErasureService } from './erasure/connection-erasure.service';
export {
  FACT_CAUSES,
  type FactCause,
  type FactKind,
  type FactSource,
  type NewFact,
} from './projection/connection-fact';
export { ConnectionFact } from './projection/connection-fact.entity';
export { tombstoneDigest } from './projection/connection-fact.repository';
export { ConnectionHistoryService, type HistoryLine } from './connection-history.service';
export { ConnectionIdentity } from './projection/connection-identity.entity';
export { ConnectionLifecycleService, type RecordedUser } from './projection/connection-lifecycle.service';
export { ConnectionRetentionService, type CompactedHistory } from './erasure/connection-retention.service';
export { ReconcileTargetsService, type KnownTerraUser } from './reconcile-targets.service';
export type { ConnectionStatus } from './connection-status';
export { Connection } from './connection.entity';
export { ConnectionsModule } from './connections.module';
export { ConnectionsService, type ConnectionFilter } from './connections.service';
export { Deauthentication } from './deauthentication/deauthentication.entity';
export { DeauthenticationWorker } from './deauthentication/deauthentication.worker';
export { DeauthenticationsService } from './deauthentication/deauthentications.service';
export { ConnectionDto } from './dto/connection.dto';
export { HistoryLineDto } from './dto/history-page.dto';
export { Tombstone } from './erasure/tombstone.entity';
