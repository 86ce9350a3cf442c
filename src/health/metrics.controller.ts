import { Controller, Get, Header } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Public } from '../http';
import { Metrics } from '../observability';
import { ApiReadMetrics } from './metrics.openapi';

@ApiTags('Operations')
@Public()
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get()
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiReadMetrics()
  read(): Promise<string> {
    return this.metrics.scrape();
  }
}
