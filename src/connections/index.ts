export type { PersonIds } from './connection-erasure.repository';
export {
  ConnectionErasureService,
  type ErasedRecords,
  type PersonRecords,
} from './connection-erasure.service';
export {
  FACT_CAUSES,
  FACT_KINDS,
  FACT_SOURCES,
  type FactCause,
  type FactKind,
  type FactSource,
  type NewFact,
} from './connection-fact';
export { ConnectionFact } from './connection-fact.entity';
export { ConnectionHistoryService, type HistoryLine } from './connection-history.service';
export { ConnectionIdentity } from './connection-identity.entity';
export { ConnectionLifecycleService, type RecordedUser } from './connection-lifecycle.service';
export { ConnectionRetentionService, type ThinnedHistory } from './connection-retention.service';
export { ConnectionReviewService, type KnownUser } from './connection-review.service';
export { LIVE_STATUSES, type ConnectionStatus } from './connection-status';
export { Connection } from './connection.entity';
export { ConnectionsModule } from './connections.module';
export { ConnectionsService, type ConnectionFilter } from './connections.service';
export {
  Deauthentication,
  DEAUTHENTICATION_STATUSES,
  type DeauthenticationStatus,
} from './deauthentication.entity';
export { DeauthenticationWorker } from './deauthentication.worker';
export { DeauthenticationsService } from './deauthentications.service';
export { ConnectionDto } from './dto/connection.dto';
export { HistoryLineDto } from './dto/history-page.dto';
export { Tombstone } from './tombstone.entity';
