import type { WidgetSession } from '../account/widget-sessions';
import type { SandboxContext } from '../context';

/**
 * Terra appends `user_id`, `resource` and `reference_id` to the customer's URL and keeps what was there.
 * A missing reference is the literal text `null`; phone-only providers have no user id.
 */
export function successRedirect(
  context: SandboxContext,
  session: WidgetSession,
  outcome: { userId: string | null; provider: string },
): string {
  const target = session.successUrl ?? `${context.publicUrl}/widget/session/demo/success`;
  return appended(target, [
    ...userIdParameter(context, outcome.userId),
    ['resource', outcome.provider],
    ['reference_id', session.referenceId ?? 'null'],
  ]);
}

/** The parameters of a failure are documented nowhere in full; `reason` is what the documents hint at. */
export function failureRedirect(
  context: SandboxContext,
  session: WidgetSession,
  outcome: { provider: string; reason: string },
): string {
  const target = session.failureUrl ?? `${context.publicUrl}/widget/session/demo/failure`;
  return appended(target, [
    ...userIdParameter(context, null),
    ['resource', outcome.provider],
    ['reference_id', session.referenceId ?? 'null'],
    ['reason', outcome.reason],
  ]);
}

function userIdParameter(context: SandboxContext, userId: string | null): [string, string][] {
  if (userId === null && context.behaviour.missingUserId === 'absent') return [];
  return [['user_id', userId ?? 'null']];
}

/** By hand, because URLSearchParams would rewrite the customer's own query. */
function appended(target: string, parameters: [string, string][]): string {
  // Headers are ASCII; what is encoded already stays as it is.
  const [address = '', ...fragment] = target.replace(/[^\x21-\x7e]+/g, encodeURIComponent).split('#');
  const query = parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  const separator = address.includes('?') ? '&' : '?';
  return `${address}${separator}${query}${fragment.length > 0 ? `#${fragment.join('#')}` : ''}`;
}
