import type { LinkedUser } from '../account/linked-user';
import { DATA_TYPES } from '../data/data-events';
import { html, type Html } from '../pages/html';
import { DATA_LIMITS } from './data.routes';

const USER_ACTIONS = [
  ['error', 'Connection error'],
  ['revoke', 'Revoke access'],
  ['deauth', 'Deauthenticate'],
] as const;

/** One Terra user of the control page, with what can happen to it. */
export function userRow(user: LinkedUser): Html {
  return html`<li>
    <span class="what">
      <strong>${user.provider}</strong> of ${user.referenceId ?? 'no reference id'}, account
      ${user.providerAccount}${!user.isAuthenticated && ' (no consent yet)'}
      <details>
        <summary>Id and scopes</summary>
        <code>${user.userId}</code> ${user.scopes.join(', ')}
      </details>
      <details>
        <summary>Health data</summary>
        <div class="data">
          <div class="buttons">${DATA_TYPES.map((type) => sendButton(user, type))}</div>
          ${amountForm(user, { path: 'history', name: 'days', label: 'Send history', limits: DATA_LIMITS.historyDays })}
          ${amountForm(user, { path: 'large', name: 'megabytes', label: 'Send large body', limits: DATA_LIMITS.megabytes })}
          ${postButton(`/sandbox/users/${user.userId}/pointer`, 'Send pointer (s3_payload)')}
        </div>
      </details>
    </span>
    <span class="buttons">
      ${USER_ACTIONS.map(([action, label]) => postButton(`/sandbox/users/${user.userId}/${action}`, label))}
    </span>
  </li>`;
}

export function postButton(action: string, label: string): Html {
  return html`<form method="post" action="${action}"><button class="small">${label}</button></form>`;
}

function sendButton({ userId }: LinkedUser, type: string): Html {
  return html`<form method="post" action="/sandbox/users/${userId}/data">
    <input type="hidden" name="type" value="${type}" /><button class="small">Send ${type}</button>
  </form>`;
}

function amountForm(
  { userId }: LinkedUser,
  field: { path: string; name: string; label: string; limits: { initially: number; max: number } },
): Html {
  const { path, name, label, limits } = field;
  const id = `${path}-${userId}`;
  return html`<form method="post" action="/sandbox/users/${userId}/${path}" class="set">
    <label for="${id}">${name} (1 to ${limits.max})</label>
    <input type="text" id="${id}" name="${name}" value="${limits.initially}" inputmode="numeric" />
    <button class="small">${label}</button>
  </form>`;
}
