import { Module } from '@nestjs/common';
import { WorkerHost } from './worker-host';

@Module({ providers: [WorkerHost], exports: [WorkerHost] })
export class QueueModule {}
