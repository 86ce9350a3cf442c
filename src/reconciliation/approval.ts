import type { Action } from './terra-diff';

/** Why a sweep needs approval. */
export const APPROVAL_REASONS = ['empty_list', 'too_many_changes', 'unknown_users'] as const;
export type ApprovalReason = (typeof APPROVAL_REASONS)[number];

/** What happened and what an operator can do, by reason. The log and the command line show it. */
export const APPROVAL_ADVICE: Record<ApprovalReason, string> = {
  empty_list:
    'Terra lists no user, but this service has live connections, so nothing was changed. This usually means a wrong key ' +
    'or a wrong Terra environment: check TERRA_DEV_ID and TERRA_API_KEY. If the list is right: terra-connect sweep --force.',
  too_many_changes:
    'Terra and this service differ more than the safety threshold allows, so nothing was changed. Read the findings with ' +
    'GET /v1/sweeps/:id. If they are right, approve all of them: terra-connect sweep --force.',
  unknown_users:
    'Terra lists many users that this service does not know, so nothing was changed. This is normal on the first day with ' +
    'a Terra account that already has users. To see and then adopt those that have a reference id as connections: ' +
    'terra-connect sweep --adopt. If you do not expect them, check TERRA_DEV_ID and TERRA_API_KEY.',
};

/** What the approval depends on of a sweep. */
interface ReadSweep {
  usersSeen: number;
  changes: number;
  adopts: boolean;
}

/**
 * Why a sweep needs approval, or null (T-23). A sweep that adopts may link any number of unknown Terra users, which ends
 * nothing. All its other changes count as ever, and so do the links if every live connection is missing from the list:
 * that is how another Terra environment looks.
 *
 * @param live how many connections are live
 * @param maximum how many changes need no approval
 * @param counts the findings of the sweep by action
 */
export function approvalReasonOf(
  { usersSeen, changes, adopts }: ReadSweep,
  live: number,
  maximum: number,
  counts: Partial<Record<Action, number>>,
): ApprovalReason | null {
  if (isEmptyList({ usersSeen }, live)) return 'empty_list';
  if (changes <= maximum) return null;
  const { link = 0, mark_missing = 0, still_missing = 0, end_absent = 0 } = counts;
  const allMissing = live > 0 && mark_missing + still_missing + end_absent >= live;
  if (allMissing || changes - link > maximum) return 'too_many_changes';
  return adopts ? null : 'unknown_users';
}

export function isEmptyList({ usersSeen }: Pick<ReadSweep, 'usersSeen'>, live: number): boolean {
  return usersSeen === 0 && live > 0;
}
