import { Injectable } from '@nestjs/common';
import { WebhookRetentionRepository } from './webhook-retention.repository';

/** How long this room keeps what nobody needs any more. */
@Injectable()
export class WebhookRetentionService {
  constructor(private readonly repository: WebhookRetentionRepository) {}

  /**
   * Deletes events that came that long ago; of those that nobody has been able to apply, only those of before `stuckBefore`.
   *
   * @returns how many, at most `limit`
   */
  deleteOld(before: Date, stuckBefore: Date, limit: number): Promise<number> {
    return this.repository.deleteOld(before, stuckBefore, limit);
  }
}
