export { CONNECT_SESSION_STATUSES, OPEN_STATUSES, type ConnectSessionStatus } from './connect-session-status';
export { ConnectSessionConnection } from './connect-session-connection.entity';
export { ConnectSession } from './connect-session.entity';
export { ConnectionAnnouncer } from './connection-announcer.service';
export { ConnectSessionWorker } from './connect-session.worker';
export { ConnectSessionsModule } from './connect-sessions.module';
export {
  ConnectSessionsService,
  type CreateConnectSession,
  type CreateOptions,
} from './connect-sessions.service';
export { type ConnectSessionWithOutcome } from './session-reader.service';
export { SessionOutcomeService } from './session-outcome.service';
export type { FailedSignal, SessionSignal } from './session-signal';
export { SessionPersonalData } from './session-personal-data.service';
