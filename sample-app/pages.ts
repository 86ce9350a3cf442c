import { html, type Html, type Page } from '../sandbox/pages/html';
import type { Banner } from './banner';
import { stateOf, type Help } from './device-state';
import { providerName } from './providers';
import { END_USERS, type EndUser } from './sign-in';
import { SAMPLE_APP_STYLE } from './style';
import type { Connection } from './terra-connect-client';

export function signInPage(users: readonly EndUser[]): Page {
  return appPage(
    'Who are you?',
    html`<section class="card">
      <h1>Who are you?</h1>
      <p>Pulse Diary is a demo health app. Choose a user to sign in.</p>
      <div class="users">${users.map((user) => signInForm(user))}</div>
    </section>`,
  );
}

/** What the page says about the end user's devices. */
export interface Devices {
  inUse: Connection[];
  earlier: Connection[];
  /** Codes of the providers that succeed an ended provider, by its code. */
  successors: ReadonlyMap<string, string | null>;
}

export function diaryPage(user: EndUser, devices: Devices, banner: Banner | null): Page {
  const { inUse, earlier } = devices;
  return appPage(
    'Your devices',
    html`${banner && bannerBox(banner)}
      <section class="card">
        <h1>Hello, ${user.name.split(' ')[0]}</h1>
        <p>Connect a wearable to see your steps, sleep and heart rate in your diary.</p>
        <form method="post" action="/connect">
          <button class="first" data-testid="connect-device">Connect device</button>
        </form>
      </section>
      <section class="card" aria-labelledby="devices">
        <h2 id="devices">Your devices</h2>
        ${
          inUse.length > 0
            ? html`<ul class="devices" data-testid="devices">
                ${inUse.map((device) => deviceRow(device, devices))}
              </ul>`
            : html`<p class="quiet" data-testid="no-devices">No device is connected yet.</p>`
        }
      </section>
      ${
        earlier.length > 0 &&
        html`<section class="card" aria-labelledby="earlier-devices">
          <h2 id="earlier-devices">Earlier devices</h2>
          <ul class="devices" data-testid="earlier-devices">
            ${earlier.map((device) => earlierRow(device))}
          </ul>
        </section>`
      }`,
    user,
  );
}

/** What to do on the phone for Apple Health, Health Connect and Samsung Health, which no browser can connect. */
export function phonePage(user: EndUser): Page {
  return appPage(
    'Connect on your phone',
    html`<section class="card">
      <h1>Connect on your phone</h1>
      <p>
        Apple Health, Health Connect and Samsung Health keep their data on your phone. The Pulse Diary app on
        the phone connects them:
      </p>
      <ol>
        <li>Open Pulse Diary on your phone, and sign in as ${user.name}.</li>
        <li>Open <strong>Devices</strong>, and choose your health app.</li>
        <li>Allow the kinds of data that you want in your diary.</li>
      </ol>
      <p>If nothing arrives, a permission may be off:</p>
      <ul>
        <li>Apple Health: Settings, Privacy &amp; Security, Health, Pulse Diary.</li>
        <li>Health Connect: Settings, Health Connect, App permissions, Pulse Diary.</li>
        <li>Samsung Health: Settings, Data permissions, Pulse Diary.</li>
      </ul>
      <p><a href="/" data-testid="back">Back to your devices</a></p>
      <p class="quiet">
        For developers: this demo has no phone app. A real one gets a token from its server (POST
        /v1/end-users/${user.referenceId}/sdk-tokens). In the sandbox, the scenario phone-provider with the
        reference id ${user.referenceId} plays the phone.
      </p>
    </section>`,
    user,
  );
}

/** @param options.retry address of the form that failed; the page has a button that sends it again */
export function messagePage(
  title: string,
  text: string,
  { forDevelopers, retry }: { forDevelopers?: string | null; retry?: string | null } = {},
): Page {
  return appPage(
    title,
    html`<section class="card">
      <h1>${title}</h1>
      <p role="alert">${text}</p>
      ${
        retry &&
        html`<form method="post" action="${retry}">
          <button class="first" data-testid="try-again">Try again</button>
        </form>`
      }
      <p><a href="/" data-testid="back">Back to your devices</a></p>
      ${forDevelopers && html`<p class="quiet details">For developers: ${forDevelopers}</p>`}
    </section>`,
  );
}

function bannerBox({ tone, text, checkAgain, phoneHelp }: Banner): Html {
  const help = phoneHelp && html` <a href="/phone" data-testid="phone-help">What to do on your phone</a>`;
  const link = checkAgain && html` <a href="${checkAgain}" data-testid="check-again">Check again</a>`;
  return html`<p class="banner ${tone}" role="${tone === 'bad' ? 'alert' : 'status'}" data-testid="banner">
    ${text}${help}${link}
  </p>`;
}

function deviceRow(device: Connection, { successors }: Devices): Html {
  const { id, provider, status, connectedAt } = device;
  const name = providerName(provider);
  const { text, help } = stateOf(device, successors.get(provider) ?? null);
  const since =
    status === 'active' &&
    connectedAt &&
    html` since <time datetime="${connectedAt}">${connectedAt.slice(0, 10)}</time>`;
  return html`<li data-testid="device-${provider}">
    <span class="badge" aria-hidden="true">${name.charAt(0)}</span>
    <span class="about">
      <strong>${name}</strong>
      <span class="state ${status}" data-testid="status-${provider}">${text}${since}</span>
    </span>
    <span class="actions">
      ${help && helpFor(device, help)}
      <form method="post" action="/devices/${encodeURIComponent(id)}/disconnect">
        <button aria-label="Disconnect ${name}" data-testid="disconnect-${provider}">Disconnect</button>
      </form>
    </span>
  </li>`;
}

function earlierRow(device: Connection): Html {
  const name = providerName(device.provider);
  const { text, help } = stateOf(device, null);
  return html`<li data-testid="earlier-${device.provider}">
    <span class="badge" aria-hidden="true">${name.charAt(0)}</span>
    <span class="about">
      <strong>${name}</strong>
      <span class="state" data-testid="status-${device.provider}">${text}</span>
    </span>
    <span class="actions">${help && helpFor(device, help)}</span>
  </li>`;
}

function helpFor({ id, provider }: Connection, help: Help): Html {
  if (help.kind === 'phone') {
    return html`<a class="button" href="/phone" data-testid="phone-${provider}">What to do on your phone</a>`;
  }
  return html`<form method="post" action="/devices/${encodeURIComponent(id)}/reconnect">
    <button class="help" aria-label="${help.name}" data-testid="reconnect-${provider}">${help.label}</button>
  </form>`;
}

function signInForm(user: EndUser, current?: EndUser): Html {
  const pressed = current ? html` aria-pressed="${String(user.slug === current.slug)}"` : null;
  return html`<form method="post" action="/sign-in">
    <input type="hidden" name="user" value="${user.slug}" />
    <button data-testid="user-${user.slug}" ${pressed}>${user.name}</button>
  </form>`;
}

function appPage(title: string, body: Html, user?: EndUser): Page {
  return {
    title: `${title} · Pulse Diary`,
    style: SAMPLE_APP_STYLE,
    body: html`<header>
        <a class="brand" href="/">Pulse Diary</a>
        ${user && html`<nav class="users" aria-label="Signed in as">${END_USERS.map((one) => signInForm(one, user))}</nav>`}
      </header>
      <main>${body}</main>
      <footer>
        A sample app. Its server calls Terra Connect; your browser never receives the API key.
      </footer>`,
  };
}
