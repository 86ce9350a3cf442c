import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces } from '@nestjs/swagger';

const METRICS_EXAMPLE = `# HELP terra_connect_webhook_backlog Webhook events in the inbox, by status.
# TYPE terra_connect_webhook_backlog gauge
terra_connect_webhook_backlog{status="pending"} 0
`;

export const ApiReadMetrics = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Read the metrics',
      description:
        'Returns the metrics for Prometheus. This route needs no API key: keep it inside your network.',
    }),
    ApiProduces('text/plain'),
    ApiOkResponse({
      description: 'The metrics in the Prometheus text format, version 0.0.4.',
      schema: { type: 'string', example: METRICS_EXAMPLE },
    }),
  );
