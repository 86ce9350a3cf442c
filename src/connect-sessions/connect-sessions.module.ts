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
import { ConnectSessionsController } from './connect-sessions.controller';
import { ConnectSessionsService } from './connect-sessions.service';
import { LandingService } from './landing.service';
import { ReturnTargets } from './return-targets';
import { SdkTokensController } from './sdk-tokens.controller';
import { SessionErasureService } from './session-erasure.service';
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
    LandingService,
    SessionErasureService,
    SessionOutcomeService,
    ConnectSessionRepository,
    ReturnTargets,
  ],
  exports: [ConnectSessionsService, SessionErasureService, SessionOutcomeService],
})
export class ConnectSessionsModule {}
