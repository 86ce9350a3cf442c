export { ConnectionIdentity } from './connection-identity.entity';
export {
  ConnectionLifecycleService,
  type ChangeOutcome,
  type LinkFact,
  type LinkOutcome,
} from './connection-lifecycle.service';
export { ConnectionReconcilerService, type Confirmation } from './connection-reconciler.service';
export { Connection } from './connection.entity';
export { ConnectionsModule } from './connections.module';
export { ConnectionsService, type ConnectionFilter } from './connections.service';
export { ConnectionDto } from './dto/connection.dto';
