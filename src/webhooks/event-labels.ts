import type { TerraEvent } from '../terra';
import type { WebhookEvent } from './webhook-event.entity';

/** What an event is found by. */
export type EventLabels = Pick<WebhookEvent, 'type' | 'terraUserId' | 'referenceId'>;

const MAX_TYPE_LENGTH = 100;
// An index of Postgres holds no text of several KB, and what cannot be noted could never be given up.
const MAX_TERRA_USER_ID_LENGTH = 200;

export function labelsOf({ sentType, user, oldUser, newUser, owner }: TerraEvent): EventLabels {
  const terraUserId = (user ?? newUser)?.terraUserId ?? null;
  return {
    type: sentType.slice(0, MAX_TYPE_LENGTH),
    terraUserId: terraUserId !== null && terraUserId.length <= MAX_TERRA_USER_ID_LENGTH ? terraUserId : null,
    referenceId: owner.referenceId ?? newUser?.referenceId ?? oldUser?.referenceId ?? null,
  };
}
