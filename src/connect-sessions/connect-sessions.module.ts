import { Module } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys';
import { ConnectionsModule } from '../connections';
import { PublicUrls } from '../http';
import { EventsModule } from '../events';
import { ObservabilityModule } from '../observability';
import { ProvidersModule } from '../providers';
import { QueueModule } from '../queue';
import { RateLimitsModule } from '../rate-limits';
import { TerraModule } from '../terra';
import { BrowserUrls } from './browser-urls';
import { CallbackConfirmationService } from './callback-confirmation.service';
import { CallbackUserFinder } from './callback-user-finder.service';
import { CallbackService } from './callback.service';
import { ConnectLinkService } from './connect-link.service';
import { ConnectRedirectController } from './connect-redirect.controller';
import { ConnectSessionMaintenanceRepository } from './connect-session-maintenance.repository';
import { ConnectSessionRepository } from './connect-session.repository';
import { ConnectSessionWorker } from './connect-session.worker';
import { ConnectSessionsController } from './connect-sessions.controller';
import { ConnectSessionsService } from './connect-sessions.service';
import { ConnectionAnnouncer } from './connection-announcer.service';
import { ResultPages } from './pages/result-pages';
import { SdkTokensController } from './sdk-tokens.controller';
import { SdkTokensService } from './sdk-tokens.service';
import { SessionOutcomeRepository } from './session-outcome.repository';
import { SessionOutcomeService } from './session-outcome.service';
import { SessionPersonalData } from './session-personal-data.service';
import { SessionReaderService } from './session-reader.service';
import { SessionRenewalService } from './session-renewal.service';
import { SessionEndingService } from './session-ending.service';
import { SessionStarterService } from './session-starter.service';

@Module({
  imports: [
    ApiKeysModule,
    ConnectionsModule,
    EventsModule,
    ObservabilityModule,
    ProvidersModule,
    QueueModule,
    RateLimitsModule,
    TerraModule,
  ],
  controllers: [ConnectSessionsController, SdkTokensController, ConnectRedirectController],
  providers: [
    ConnectSessionsService,
    SessionStarterService,
    SessionEndingService,
    SessionReaderService,
    SessionRenewalService,
    SdkTokensService,
    ConnectSessionRepository,
    BrowserUrls,
    PublicUrls,

    ConnectLinkService,
    ResultPages,
    CallbackService,
    CallbackConfirmationService,

    ConnectionAnnouncer,
    CallbackUserFinder,
    SessionOutcomeService,
    SessionOutcomeRepository,
    SessionPersonalData,
    ConnectSessionWorker,
    ConnectSessionMaintenanceRepository,
  ],
  exports: [
    ConnectSessionsService,
    SessionOutcomeService,
    SessionPersonalData,
    ConnectSessionWorker,
    ConnectionAnnouncer,
  ],
})
export class ConnectSessionsModule {}
