import { Module } from '@nestjs/common';
import { WebhookEventsRepository } from './webhook-events.repository';
import { WebhookEventsService } from './webhook-events.service';

/** Provides stored events to the command line, without workers and Terra settings. */
@Module({
  providers: [WebhookEventsRepository, WebhookEventsService],
  exports: [WebhookEventsService],
})
export class WebhookEventsModule {}
