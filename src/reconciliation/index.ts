export type { Action } from './compare';
export {
  ConnectionReconcilerService,
  type Confirmation,
  type ReconcileReport,
} from './connection-reconciler.service';
export { ReconcileWorker } from './reconcile.worker';
export { ReconciliationModule } from './reconciliation.module';
export { SweepRunningError } from './reconciliation.errors';
export { SweepErasureService } from './sweep-erasure.service';
export { SweepFinding } from './sweep-finding.entity';
export { Sweep } from './sweep.entity';
export { SweepWorker } from './sweep.worker';
export { SweepsService, type SweepReport } from './sweeps.service';
