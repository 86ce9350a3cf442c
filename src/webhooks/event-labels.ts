import { toStorable } from '../common';
import type { TerraEvent } from '../terra';
import type { WebhookEvent } from './webhook-event.entity';

/** The columns by which operators find an event. */
export type EventLabels = Pick<WebhookEvent, 'type' | 'terraUserId' | 'referenceId'>;

export const MAX_TYPE_LENGTH = 100;
// A Postgres index rejects a text of several KB, and an event with such a label could never become a dead letter.
const MAX_TERRA_USER_ID_LENGTH = 200;

export function labelsOf({ sentType, oldUser, newUser, owner, ...event }: TerraEvent): EventLabels {
  const terraUserId = event.terraUserId ?? newUser?.terraUserId ?? null;
  return {
    type: toStorable(sentType, MAX_TYPE_LENGTH),
    terraUserId: terraUserId !== null && terraUserId.length <= MAX_TERRA_USER_ID_LENGTH ? terraUserId : null,
    referenceId: owner.referenceId ?? newUser?.referenceId ?? oldUser?.referenceId ?? null,
  };
}
