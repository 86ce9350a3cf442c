import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApiKeysModule } from '../api-keys';
import { ConnectionsModule } from '../connections';
import { ObservabilityModule } from '../observability';
import { TerraModule } from '../terra';
import { ConnectionReconcilerService } from './connection-reconciler.service';
import { CorrectionsService } from './corrections.service';
import { SafetyThresholdService } from './safety-threshold.service';
import { ReconcileController } from './reconcile.controller';
import { ReconcileWorker } from './reconcile.worker';
import { SweepApplierService } from './sweep-applier.service';
import { SweepErasureService } from './sweep-erasure.service';
import { SweepFinding } from './sweep-finding.entity';
import { SweepReaderService } from './sweep-reader.service';
import { Sweep } from './sweep.entity';
import { SweepRepository } from './sweep.repository';
import { SweepWorker } from './sweep.worker';
import { SweepsController } from './sweeps.controller';
import { SweepsService } from './sweeps.service';

@Module({
  imports: [
    TypeOrmModule.forFeature([Sweep, SweepFinding]),
    ApiKeysModule,
    ConnectionsModule,
    ObservabilityModule,
    TerraModule,
  ],
  controllers: [ReconcileController, SweepsController],
  providers: [
    ConnectionReconcilerService,
    CorrectionsService,
    SafetyThresholdService,
    ReconcileWorker,
    SweepReaderService,
    SweepApplierService,
    SweepErasureService,
    SweepRepository,
    SweepsService,
    SweepWorker,
  ],
  exports: [ConnectionReconcilerService, ReconcileWorker, SweepErasureService, SweepsService, SweepWorker],
})
export class ReconciliationModule {}
