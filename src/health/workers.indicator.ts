import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { WorkerHost } from '../queue';

/** Checks that no worker of this process hangs. */
@Injectable()
export class WorkersIndicator {
  constructor(
    private readonly workers: WorkerHost,
    private readonly indicators: HealthIndicatorService,
  ) {}

  check(key: string): HealthIndicatorResult {
    const indicator = this.indicators.check(key);
    const stalled = this.workers.stalled();
    return stalled.length === 0
      ? indicator.up()
      : indicator.down({ stalled, advice: 'these workers make no progress: restart the process' });
  }
}
