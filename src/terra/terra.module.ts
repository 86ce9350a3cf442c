import { HttpModule } from '@nestjs/axios';
import { Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { ObservabilityModule } from '../observability';
import { TerraClient } from './terra.client';
import { TerraTransport } from './terra.transport';
import { undiciAdapter } from './undici.adapter';
import { WidgetSessionGateway } from './widget-session.gateway';

const DEADLINES = { connectMs: 2_000, answerMs: 5_000, maxBodyBytes: 10 * 1024 * 1024 };

/** Opens the sockets to Terra, and closes them when the application shuts down. */
@Injectable()
class TerraSockets implements OnApplicationShutdown {
  readonly undici = undiciAdapter(DEADLINES);

  onApplicationShutdown(): Promise<void> {
    return this.undici.close();
  }
}

@Module({ providers: [TerraSockets], exports: [TerraSockets] })
class TerraSocketsModule {}

@Module({
  imports: [
    ObservabilityModule,
    HttpModule.registerAsync({
      imports: [TerraSocketsModule],
      inject: [TerraSockets],
      useFactory: (sockets: TerraSockets) => ({ adapter: sockets.undici.adapter }),
    }),
  ],
  providers: [TerraClient, TerraTransport, WidgetSessionGateway],
  exports: [TerraClient],
})
export class TerraModule {}
