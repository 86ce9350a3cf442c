import type { SandboxContext } from '../context';
import { html, type Html, type Page } from '../pages/html';
import { SANDBOX_STYLE } from '../pages/style';
import type { Delivery } from '../webhooks/delivery';
import { playedScenario, scenariosSection } from './scenarios.section';
import { Search } from './section';
import { switchesSection } from './switches.section';
import { postButton, userRow } from './users.section';

/** How many users and webhooks the page shows; a search looks through all. */
const MAX_SHOWN = 5;
const MAX_FOUND = 25;
/** A body can have 15 MB. */
const MAX_SHOWN_BODY = 4_000;

/** @param searched text that limits every section to what contains it */
export function controlPage(context: SandboxContext, searched: string): Page {
  const search = new Search(searched);
  const sections = [
    scenariosSection(context, search),
    usersSection(context, search),
    webhooksSection(context, search),
    switchesSection(context, search),
  ].filter((section) => section !== null);
  return {
    title: 'Terra sandbox',
    style: SANDBOX_STYLE,
    body: html`<main class="wide">
      <h1>Terra sandbox</h1>
      <p class="note">
        A fake Terra for development and tests. API: <code>${context.publicUrl}/api/v2</code>, dev-id
        <code>${context.devId}</code>.
      </p>
      ${context.played && playedScenario(context.played)} ${searchForm(search)}
      ${sections.length > 0 ? sections : html`<p role="status">Nothing here contains “${search.text}”.</p>`}
    </main>`,
  };
}

function searchForm(search: Search): Html {
  return html`<form method="get" action="/" role="search" class="search">
    <label for="search">Search scenarios, users, webhooks and switches</label>
    <input type="search" id="search" name="q" value="${search.text}" />
    <button>Search</button>
    ${!search.isEmpty && html`<a href="/" data-testid="show-all">Show all</a>`}
  </form>`;
}

function usersSection({ account }: SandboxContext, search: Search): Html | null {
  const users = [...account.users.values()]
    .reverse()
    .filter((user) =>
      search.finds(user.referenceId ?? '', user.provider, user.providerAccount, user.userId, 'users'),
    );
  return latest('users', 'Terra users', users, search, userRow);
}

function webhooksSection({ dispatcher }: SandboxContext, search: Search): Html | null {
  const deliveries = [...dispatcher.deliveries]
    .reverse()
    .filter(({ type, state, body }) => search.finds(type, state, body, 'webhooks'));
  return latest('webhooks', 'Last webhooks', deliveries, search, deliveryRow);
}

/** The newest entries of a list; null if a search finds none. */
function latest<Entry>(
  id: string,
  title: string,
  entries: Entry[],
  search: Search,
  row: (entry: Entry) => Html,
): Html | null {
  if (entries.length === 0 && !search.isEmpty) return null;
  const shown = entries.slice(0, search.isEmpty ? MAX_SHOWN : MAX_FOUND);
  return html`<section aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${
      shown.length > 0
        ? html`<ul class="rows">
            ${shown.map(row)}
          </ul>`
        : html`<p class="note">There are none yet.</p>`
    }
    ${shown.length < entries.length && html`<p class="note">${entries.length - shown.length} older ones: search for them.</p>`}
  </section>`;
}

function deliveryRow(delivery: Delivery): Html {
  const answers = delivery.attempts.map(({ status, error }) => status ?? error).join(', ');
  return html`<li>
    <span class="what">
      <strong>${delivery.type}</strong> ${delivery.state}, answers: ${answers || 'none'},
      ${new Date(delivery.createdAt).toISOString()}
      <details>
        <summary>Body</summary>
        <code>${shortened(delivery.body)}</code>
      </details>
    </span>
    ${postButton(`/sandbox/deliveries/${delivery.id}/resend`, 'Resend')}
  </li>`;
}

function shortened(body: string): string {
  if (body.length <= MAX_SHOWN_BODY) return body;
  return `${body.slice(0, MAX_SHOWN_BODY)} … (${body.length} characters)`;
}
