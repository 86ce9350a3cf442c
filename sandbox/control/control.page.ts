import type { LinkedUser } from '../account/linked-user';
import { SWITCHES, type SwitchName } from '../behaviour';
import type { SandboxContext } from '../context';
import { html, type Html, type Page } from '../pages/html';
import { SANDBOX_STYLE } from '../pages/style';
import { table } from '../pages/table';
import type { Delivery } from '../webhooks/delivery';
import { scenariosSection } from './scenarios.section';

const MAX_DELIVERIES_SHOWN = 25;
const USER_ACTIONS = [
  ['error', 'Connection error'],
  ['revoke', 'Revoke access'],
  ['data', 'Send daily data'],
  ['deauth', 'Deauthenticate'],
] as const;

export function controlPage(context: SandboxContext): Page {
  const users = [...context.account.users.values()].reverse();
  const deliveries = context.dispatcher.deliveries.slice(-MAX_DELIVERIES_SHOWN).reverse();
  return {
    title: 'Terra sandbox',
    style: SANDBOX_STYLE,
    body: html`<main class="wide">
      <h1>Terra sandbox</h1>
      <p>
        A fake Terra for development and tests. API: <code>${context.publicUrl}/api/v2</code>, dev-id
        <code>${context.devId}</code>.
      </p>
      ${scenariosSection(context)}
      <h2 id="users">Terra users</h2>
      ${users.length > 0 ? userTable(users) : html`<p class="note">There are no Terra users yet.</p>`}
      <h2 id="webhooks">Last webhooks</h2>
      ${deliveries.length > 0 ? deliveryTable(deliveries) : html`<p class="note">There are no webhooks yet.</p>`}
      <h2 id="switches">Switches</h2>
      ${switchTable(context)}
      <div class="actions">
        <form method="post" action="/sandbox/behaviour/reset"><button>Reset all switches</button></form>
        <form method="post" action="/sandbox/reset"><button>Reset the sandbox</button></form>
      </div>
    </main>`,
  };
}

function userTable(users: LinkedUser[]): Html {
  return table(
    'users',
    ['Reference id', 'Provider', 'Account', 'Terra user id', 'Scopes', 'Actions'],
    users.map(
      (user) =>
        html`<tr>
          <td>${user.referenceId ?? 'none'}</td>
          <td>${user.provider}</td>
          <td>${user.providerAccount}</td>
          <td><code>${user.userId}</code>${!user.isAuthenticated && ' (no consent yet)'}</td>
          <td>${user.scopes.join(', ')}</td>
          <td>
            ${USER_ACTIONS.map(([action, label]) => postButton(`/sandbox/users/${user.userId}/${action}`, label))}
          </td>
        </tr>`,
    ),
  );
}

function deliveryTable(deliveries: Delivery[]): Html {
  return table(
    'webhooks',
    ['Time', 'Type', 'State', 'Answers', 'Body', 'Actions'],
    deliveries.map(
      (delivery) =>
        html`<tr>
          <td>${new Date(delivery.createdAt).toISOString()}</td>
          <td>${delivery.type}</td>
          <td>${delivery.state}</td>
          <td>${delivery.attempts.map(({ status, error }) => status ?? error).join(', ')}</td>
          <td>
            <details>
              <summary>Show</summary>
              <code>${delivery.body}</code>
            </details>
          </td>
          <td>${postButton(`/sandbox/deliveries/${delivery.id}/resend`, 'Resend')}</td>
        </tr>`,
    ),
  );
}

function switchTable({ behaviour }: SandboxContext): Html {
  const names = Object.keys(SWITCHES) as SwitchName[];
  return table(
    'switches',
    ['Switch', 'Meaning', 'Value'],
    names.map(
      (name) =>
        html`<tr>
          <th scope="row"><label for="switch-${name}">${name}</label></th>
          <td>${SWITCHES[name].means}</td>
          <td>
            <form method="post" action="/sandbox/behaviour">
              ${switchInput(name, String(behaviour[name]))}<button class="small" aria-label="Set ${name}">
                Set
              </button>
            </form>
          </td>
        </tr>`,
    ),
  );
}

function switchInput(name: SwitchName, current: string): Html {
  const { choices } = SWITCHES[name];
  if (choices.length === 0) {
    return html`<input type="text" id="switch-${name}" name="${name}" value="${current}" />`;
  }
  const options = choices.map((choice) =>
    choice === current ? html`<option selected>${choice}</option>` : html`<option>${choice}</option>`,
  );
  return html`<select id="switch-${name}" name="${name}">
    ${options}
  </select>`;
}

function postButton(action: string, label: string): Html {
  return html`<form method="post" action="${action}"><button class="small">${label}</button></form>`;
}
