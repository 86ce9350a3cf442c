import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApiKeysModule } from '../api-keys';
import { ConnectionsModule } from '../connections';
import { ObservabilityModule } from '../observability';
import { ProvidersModule } from '../providers';
import { TerraModule } from '../terra';
import { ConnectRedirectController } from './connect-redirect.controller';
import { ConnectSessionConnection } from './connect-session-connection.entity';
import { ConnectSession } from './connect-session.entity';
import { ConnectSessionRepository } from './connect-session.repository';
import { ConnectSessionMaintenanceRepository } from './connect-session-maintenance.repository';
import { ConnectSessionWorker } from './connect-session.worker';
import { ConnectSessionsController } from './connect-sessions.controller';
import { ConnectSessionsService } from './connect-sessions.service';
import { CallbackConfirmationService } from './callback-confirmation.service';
import { CallbackService } from './callback.service';
import { ReturnTargets } from './return-targets';
import { SdkTokensController } from './sdk-tokens.controller';
import { SessionErasureService } from './session-erasure.service';
import { SessionRetentionService } from './session-retention.service';
import { SessionOutcomeService } from './session-outcome.service';

@Module({
  imports: [
    TypeOrmModule.forFeature([ConnectSession, ConnectSessionConnection]),
    ApiKeysModule,
    ConnectionsModule,
    ObservabilityModule,
    ProvidersModule,
    TerraModule,
  ],
  controllers: [ConnectSessionsController, SdkTokensController, ConnectRedirectController],
  providers: [
    ConnectSessionsService,
    CallbackService,
    CallbackConfirmationService,
    SessionErasureService,
    SessionRetentionService,
    SessionOutcomeService,
    ConnectSessionWorker,
    ConnectSessionRepository,
    ConnectSessionMaintenanceRepository,
    ReturnTargets,
  ],
  exports: [
    ConnectSessionsService,
    SessionErasureService,
    SessionRetentionService,
    SessionOutcomeService,
    ConnectSessionWorker,
  ],
})
export class ConnectSessionsModule {}
