import type { WidgetSession } from '../account/widget-sessions';
import type { SandboxContext } from '../context';

/**
 * The redirect after a success. Terra appends `user_id`, `resource` and `reference_id` to the session's redirect
 * URL and keeps the query of that URL. A missing reference is the literal text `null`; phone-only providers have no user id.
 */
export function successRedirect(
  context: SandboxContext,
  session: WidgetSession,
  outcome: { userId: string | null; provider: string },
): string {
  const target = session.successUrl ?? `${context.publicUrl}/widget/session/demo/success`;
  return appendParameters(target, [
    ...userIdParameter(context, outcome.userId),
    ['resource', outcome.provider],
    ['reference_id', session.referenceId ?? 'null'],
  ]);
}

/** The redirect after a failure. Terra does not document all its parameters; `reason` is the most likely name. */
export function failureRedirect(
  context: SandboxContext,
  session: WidgetSession,
  outcome: { provider: string; reason: string },
): string {
  const target = session.failureUrl ?? `${context.publicUrl}/widget/session/demo/failure`;
  return appendParameters(target, [
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

/** Appends the parameters as text, because URLSearchParams would rewrite the query that the URL already has. */
function appendParameters(target: string, parameters: [string, string][]): string {
  // The Location header must be ASCII. This encodes the other characters only.
  const [address = '', ...fragment] = target.replace(/[^\x21-\x7e]+/g, encodeURIComponent).split('#');
  const query = parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  const separator = address.includes('?') ? '&' : '?';
  return `${address}${separator}${query}${fragment.length > 0 ? `#${fragment.join('#')}` : ''}`;
}
