import { HttpModule } from '@nestjs/axios';
import { Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { OutgoingOptions } from '../config';
import { ObservabilityModule } from '../observability';
import { terraSockets } from './terra-sockets';
import { TerraClient } from './terra.client';
import { TerraGate } from './terra.gate';
import { TerraTransport } from './terra.transport';
import { ToldTimesService } from './told-times.service';
import { undiciAdapter } from './undici.adapter';
import { WidgetSessionGateway } from './widget-session.gateway';

const DEADLINES = { connectMs: 2_000, answerMs: 5_000 };

/** Opens the sockets to Terra, and closes them when the application shuts down. */
@Injectable()
class TerraSockets implements OnApplicationShutdown {
  private readonly sockets;
  readonly adapter;

  constructor(options: OutgoingOptions) {
    this.sockets = terraSockets(DEADLINES, options);
    this.adapter = undiciAdapter(this.sockets);
  }

  onApplicationShutdown(): Promise<void> {
    return this.sockets.close();
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
      useFactory: ({ adapter }: TerraSockets) => ({ adapter }),
    }),
  ],
  providers: [TerraClient, TerraGate, TerraTransport, ToldTimesService, WidgetSessionGateway],
  exports: [TerraClient, ToldTimesService],
})
export class TerraModule {}
