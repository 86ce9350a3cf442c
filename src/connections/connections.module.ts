import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApiKeysModule } from '../api-keys';
import { TerraModule } from '../terra';
import { ConnectionIdentity } from './connection-identity.entity';
import { ConnectionLifecycleService } from './connection-lifecycle.service';
import { Connection } from './connection.entity';
import { ConnectionReconcilerService } from './connection-reconciler.service';
import { ConnectionRepository } from './connection.repository';
import { ConnectionsController } from './connections.controller';
import { ConnectionsService } from './connections.service';

@Module({
  imports: [TypeOrmModule.forFeature([Connection, ConnectionIdentity]), ApiKeysModule, TerraModule],
  controllers: [ConnectionsController],
  providers: [
    ConnectionsService,
    ConnectionLifecycleService,
    ConnectionReconcilerService,
    ConnectionRepository,
  ],
  exports: [ConnectionsService, ConnectionLifecycleService, ConnectionReconcilerService],
})
export class ConnectionsModule {}
