import { Module } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys';
import { ConnectionsModule } from '../connections';
import { ObservabilityModule } from '../observability';
import { QueueModule } from '../queue';
import { TerraModule } from '../terra';
import { ConnectionReconcilerService } from './connection-reconciler.service';
import { CorrectionsService } from './corrections.service';
import { ReconcileController } from './reconcile.controller';
import { ReconcileWorker } from './reconcile.worker';
import { SafetyThresholdService } from './safety-threshold.service';
import { SweepAbsenceService } from './sweep-absence.service';
import { SweepApplierService } from './sweep-applier.service';
import { SweepDiffService } from './sweep-diff.service';
import { SweepFindingRepository } from './sweep-finding.repository';
import { SweepJudgeService } from './sweep-judge.service';
import { SweepPersonalData } from './sweep-personal-data.service';
import { SweepReaderService } from './sweep-reader.service';
import { SweepRunnerService } from './sweep-runner.service';
import { SweepRepository } from './sweep.repository';
import { SweepWorker } from './sweep.worker';
import { SweepsController } from './sweeps.controller';
import { SweepsService } from './sweeps.service';
import { TerraListingService } from './terra-listing.service';

@Module({
  imports: [ApiKeysModule, ConnectionsModule, ObservabilityModule, QueueModule, TerraModule],
  controllers: [ReconcileController, SweepsController],
  providers: [
    ConnectionReconcilerService,
    TerraListingService,
    SafetyThresholdService,
    CorrectionsService,
    ReconcileWorker,

    SweepsService,
    SweepRunnerService,
    SweepReaderService,
    SweepDiffService,
    SweepApplierService,
    SweepAbsenceService,
    SweepJudgeService,
    SweepWorker,
    SweepRepository,
    SweepFindingRepository,
    SweepPersonalData,
  ],
  exports: [ConnectionReconcilerService, ReconcileWorker, SweepPersonalData, SweepsService, SweepWorker],
})
export class ReconciliationModule {}
