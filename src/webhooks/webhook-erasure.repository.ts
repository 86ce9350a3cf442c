import { Injectable } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import { runSql, type DataSubject } from '../database';
import { HAS_BEEN_ERASED, LANES, POINTER_LANE, WebhookEvent } from './webhook-event.entity';

/** The SQL that removes end users from stored events. The rows stay, because Terra may resend a delivery for days. */
@Injectable()
export class WebhookErasureRepository {
  /** Replaces the body, and removes the ids of the end user from the row. A pointer that waited is not fetched. */
  async blank(
    manager: EntityManager,
    id: string,
    { type, body }: { type: string | null; body: Buffer },
    now: Date,
  ): Promise<void> {
    await runSql(
      manager,
      `UPDATE terra_connect.webhook_events SET
          status = CASE WHEN status = 'done' THEN 'done' ELSE 'ignored' END, note = $2, type = $3, body = $4,
          processed_at = coalesce(processed_at, $5), terra_user_id = NULL, reference_id = NULL, terra_reference = NULL,
          lane = CASE lane WHEN ${POINTER_LANE} THEN ${LANES.links} ELSE lane END
        WHERE id = $1`,
      [id, HAS_BEEN_ERASED, type, body, now],
    );
  }

  /** The events that are stored under the end user, and unreadable events whose bytes name the end user. */
  async findOf(
    manager: EntityManager,
    { referenceId, terraUserIds }: DataSubject,
  ): Promise<Pick<WebhookEvent, 'id' | 'type'>[]> {
    const { rows } = await runSql<Pick<WebhookEvent, 'id' | 'type'>>(
      manager,
      `SELECT id, type FROM terra_connect.webhook_events WHERE reference_id = $1
        UNION SELECT id, type FROM terra_connect.webhook_events WHERE terra_user_id = ANY($2)
        UNION SELECT id, type FROM terra_connect.webhook_events event
          WHERE status = 'dead_lettered' AND type IS NULL AND EXISTS (
            SELECT FROM unnest($3::text[]) AS name WHERE position(convert_to(name, 'UTF8') IN event.body) > 0)`,
      [referenceId, terraUserIds, [referenceId, ...terraUserIds]],
    );
    return rows;
  }

  /** Replaces the bodies of swaps to these Terra users, because they name the old Terra user. @returns how many */
  async blankSwaps(manager: EntityManager, newTerraUserIds: string[], body: Buffer): Promise<number> {
    const swaps = { type: 'user_reauth', terraUserId: In(newTerraUserIds) };
    return (await manager.update(WebhookEvent, swaps, { body })).affected ?? 0;
  }

  /** The events of the end user with their bodies, oldest first. */
  listOf(manager: EntityManager, { referenceId, terraUserIds }: DataSubject): Promise<WebhookEvent[]> {
    return manager.find(WebhookEvent, {
      where: [{ referenceId }, { terraUserId: In(terraUserIds) }],
      order: { id: 'ASC' },
    });
  }

  /** Whether events that were received until then are still unread: they may be about any end user. */
  async hasUnread(manager: EntityManager, receivedUntil: Date): Promise<boolean> {
    const { count } = await runSql(
      manager,
      `SELECT id FROM terra_connect.webhook_events
        WHERE status = 'pending' AND type IS NULL AND received_at <= $1 LIMIT 1`,
      [receivedUntil],
    );
    return count > 0;
  }
}
