import { Module } from '@nestjs/common';
import { WebhookEventsRepository } from './webhook-events.repository';
import { WebhookEventsService } from './webhook-events.service';

/** Stored events without the worker and without Terra's settings, for the command line. */
@Module({
  providers: [WebhookEventsRepository, WebhookEventsService],
  exports: [WebhookEventsService],
})
export class WebhookEventsModule {}
