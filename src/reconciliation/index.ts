export { ConnectionReconcilerService, type ReconcileReport } from './connection-reconciler.service';
export { ReconcileWorker } from './reconcile.worker';
export { ReconciliationModule } from './reconciliation.module';
export { SweepFinding } from './sweep-finding.entity';
export { SweepPersonalData } from './sweep-personal-data.service';
export { Sweep } from './sweep.entity';
export { SweepWorker } from './sweep.worker';
export { APPROVAL_ADVICE } from './approval';
export { SweepsService, type SweepReport } from './sweeps.service';
