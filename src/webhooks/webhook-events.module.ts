import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { WebhookEventsRepository } from './webhook-events.repository';
import { WebhookEvent } from './webhook-event.entity';
import { WebhookEventsService } from './webhook-events.service';

/** What the command line needs of this room: past events, without Terra's settings and without a worker. */
@Module({
  imports: [TypeOrmModule.forFeature([WebhookEvent])],
  providers: [WebhookEventsRepository, WebhookEventsService],
  exports: [WebhookEventsService],
})
export class WebhookEventsModule {}
