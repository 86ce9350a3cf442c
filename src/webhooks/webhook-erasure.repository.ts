import { Injectable } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import type { PersonIds } from '../connections';
import { runIn } from '../database';
import { HAS_BEEN_ERASED, WebhookEvent } from './webhook-event.entity';

/** The SQL that takes people out of stored events. The rows stay: Terra may send a delivery again for days. */
@Injectable()
export class WebhookErasureRepository {
  /** Makes an event say nothing any more of whom it was about. */
  async blank(
    manager: EntityManager,
    id: string,
    type: string | null,
    body: Buffer,
    now: Date,
  ): Promise<void> {
    await runIn(
      manager,
      `UPDATE terra_connect.webhook_events SET
          status = CASE WHEN status = 'done' THEN 'done' ELSE 'ignored' END, note = $2, type = $3, body = $4,
          processed_at = coalesce(processed_at, $5), terra_user_id = NULL, reference_id = NULL, terra_reference = NULL
        WHERE id = $1`,
      [id, HAS_BEEN_ERASED, type, body, now],
    );
  }

  /** All events that are stored under the person, and all that nobody could read and that name them. */
  async findOf(manager: EntityManager, person: PersonIds): Promise<Pick<WebhookEvent, 'id' | 'type'>[]> {
    const names = [person.referenceId, ...person.terraUserIds];
    return runIn(
      manager,
      `SELECT id, type FROM terra_connect.webhook_events WHERE reference_id = $1
        UNION SELECT id, type FROM terra_connect.webhook_events WHERE terra_user_id = ANY($2)
        UNION SELECT id, type FROM terra_connect.webhook_events event
          WHERE status = 'dead_lettered' AND type IS NULL AND EXISTS (
            SELECT FROM unnest($3::text[]) AS name WHERE position(convert_to(name, 'UTF8') IN event.body) > 0)`,
      [person.referenceId, person.terraUserIds, names],
    );
  }

  /** Swaps are stored under the new Terra user, and name in their bodies whose place it took. */
  async blankSwaps(manager: EntityManager, newTerraUserIds: string[], body: Buffer): Promise<number> {
    const swaps = { type: 'user_reauth', terraUserId: In(newTerraUserIds) };
    return (await manager.update(WebhookEvent, swaps, { body })).affected ?? 0;
  }

  /** Their events with what they say, oldest first. */
  async listOf(manager: EntityManager, { referenceId, terraUserIds }: PersonIds): Promise<WebhookEvent[]> {
    return manager.find(WebhookEvent, {
      where: [{ referenceId }, { terraUserId: In(terraUserIds) }],
      order: { id: 'ASC' },
    });
  }

  /** Whether events that were there at that time have not been looked into yet: nobody knows whom they are about. */
  async hasUnread(manager: EntityManager, receivedUntil: Date): Promise<boolean> {
    const rows = await runIn(
      manager,
      `SELECT id FROM terra_connect.webhook_events
        WHERE status = 'pending' AND type IS NULL AND received_at <= $1 LIMIT 1`,
      [receivedUntil],
    );
    return rows.length > 0;
  }
}
