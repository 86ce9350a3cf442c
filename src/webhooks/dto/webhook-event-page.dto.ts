import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { Page } from '../../http';
import type { WebhookEventSummary } from '../webhook-events.repository';
import { WebhookEventDto } from './webhook-event.dto';

@ApiSchema({ description: 'A page of webhook events.' })
export class WebhookEventPageDto {
  /** Newest first. */
  items: WebhookEventDto[];

  @ApiProperty({ description: 'Give it back as `cursor` to read on; null on the last page.', example: null })
  nextCursor: string | null;

  static from(page: Page<WebhookEventSummary>): WebhookEventPageDto {
    return {
      items: page.items.map((event) => WebhookEventDto.from(event)),
      nextCursor: page.nextCursor,
    };
  }
}
