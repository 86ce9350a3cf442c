import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Public } from '../http';
import { Metrics } from '../observability';

const METRICS_EXAMPLE = `# HELP terra_connect_webhook_backlog Webhook events in the inbox, by status.
# TYPE terra_connect_webhook_backlog gauge
terra_connect_webhook_backlog{status="pending"} 0
`;

@ApiTags('Operations')
@Public()
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get()
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiOperation({ summary: 'Metrics for Prometheus', description: 'Open: keep it inside your network.' })
  @ApiProduces('text/plain')
  @ApiOkResponse({
    description: 'The Prometheus text format, version 0.0.4.',
    schema: { type: 'string', example: METRICS_EXAMPLE },
  })
  read(): Promise<string> {
    return this.metrics.scrape();
  }
}
