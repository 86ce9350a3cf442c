import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Public } from '../common';
import { Metrics } from './metrics';

@ApiTags('Operations')
@Public()
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get()
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiOperation({ summary: 'Metrics for Prometheus', description: 'Open: keep it inside your network.' })
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: 'The Prometheus text format.', schema: { type: 'string' } })
  read(): Promise<string> {
    return this.metrics.scrape();
  }
}
