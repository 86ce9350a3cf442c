import { IntersectionType } from '@nestjs/swagger';
import { PageQueryDto } from '../../http';
import { WebhookEventFilterDto } from './webhook-event-filter.dto';

/** Filters of the list; all of them together must hold. */
export class ListWebhookEventsDto extends IntersectionType(WebhookEventFilterDto, PageQueryDto) {}
