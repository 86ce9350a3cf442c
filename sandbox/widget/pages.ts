import { defaultProviderAccount } from '../account/account';
import type { LinkedUser } from '../account/linked-user';
import { findProvider, type Provider } from '../account/providers';
import type { WidgetSession } from '../account/widget-sessions';
import { html, type Html, type Page } from '../pages/html';
import { SANDBOX_STYLE } from '../pages/style';

const SANDBOX_NOTE = html`<p class="note">
  This is the Terra sandbox, a fake Terra for tests. It uses no real account.
</p>`;

export function providerListPage(
  session: WidgetSession,
  connected: LinkedUser[],
  justConnected: string | null,
): Page {
  const linked = session.providers.includes(justConnected ?? '') ? findProvider(justConnected ?? '') : null;
  return widgetPage(
    'Connect your wearable',
    html`
      <h1>Connect your wearable</h1>
      ${linked && html`<p role="status" data-testid="just-connected">${linked.name} is connected.</p>`}
      <p>Choose the source of your health data.</p>
      <ul class="choices">
        ${session.providers.map((code) => choice(session, code, connected))}
      </ul>
      ${
        session.lastLinked &&
        html`<form method="post" action="/widget/session/${session.linkId}/done">
          <button class="first" data-testid="widget-done">Done</button>
        </form>`
      }
    `,
  );
}

export function consentPage(session: WidgetSession, provider: Provider): Page {
  return widgetPage(
    `Log in with ${provider.name}`,
    html`
      <h1>${provider.name}</h1>
      <p>The app wants to read your data from ${provider.name}.</p>
      <form method="post" action="/widget/session/${session.linkId}/provider/${provider.code}">
        <label for="account">Your ${provider.name} account</label>
        <input
          type="text"
          id="account"
          name="account"
          value="${defaultProviderAccount(session.referenceId)}"
          autocomplete="off"
          required
        />
        <fieldset>
          <legend>The app may read</legend>
          ${provider.scopes.map((scope) => scopeBox(provider, scope))}
        </fieldset>
        <div class="actions">
          <button class="first" name="action" value="allow" data-testid="consent-allow">Allow</button>
          <button name="action" value="deny" data-testid="consent-deny" formnovalidate>Deny</button>
        </div>
      </form>
    `,
  );
}

export function resultPage(
  outcome: { provider: string; reason: string | null },
  continueUrl: string | null,
): Page {
  const name = findProvider(outcome.provider)?.name ?? outcome.provider;
  const failed = outcome.reason !== null;
  const next =
    continueUrl &&
    html`<a class="button first" href="${continueUrl}" data-testid="result-continue">Continue</a>`;
  return widgetPage(
    failed ? 'Not connected' : 'Connected',
    html`
      <h1>${failed ? `${name} was not connected` : `${name} is connected`}</h1>
      ${failed && html`<p>Reason: ${outcome.reason}. You can go back and try again.</p>`}
      ${next && html`<p class="actions">${next}</p>`}
    `,
  );
}

export function messagePage(title: string, text: string): Page {
  return widgetPage(
    title,
    html`<h1>${title}</h1>
      <p>${text}</p>`,
  );
}

function choice(session: WidgetSession, code: string, connected: LinkedUser[]): Html {
  const users = connected.filter((user) => user.provider === code);
  const href = `/widget/session/${session.linkId}/provider/${code}`;
  const name = findProvider(code)?.name ?? code;
  const connectedTag =
    users.length > 0 && html`<span class="tag" data-testid="connected-${code}">Connected</span>`;
  return html`<li>
    <a href="${href}" data-testid="provider-${code}">${name}${connectedTag}</a>
    ${session.showDisconnect ? users.map((user) => disconnectForm(session, user, name)) : null}
  </li>`;
}

function disconnectForm(session: WidgetSession, user: LinkedUser, name: string): Html {
  return html`<form method="post" action="/widget/session/${session.linkId}/disconnect">
    <input type="hidden" name="user_id" value="${user.userId}" />
    <button class="small" aria-label="Disconnect ${name}" data-testid="disconnect-${user.provider}">
      Disconnect
    </button>
  </form>`;
}

function scopeBox(provider: Provider, scope: string): Html {
  const required = provider.requiredScopes.includes(scope) && ' (required)';
  return html`<label class="check">
    <input type="checkbox" name="scope" value="${scope}" checked data-testid="scope-${scope}" />
    ${scope}${required}
  </label>`;
}

function widgetPage(title: string, body: Html): Page {
  return {
    title: `${title} · Terra sandbox`,
    style: SANDBOX_STYLE,
    body: html`<main>${body} ${SANDBOX_NOTE}</main>`,
  };
}
