import { html, type Html, type Page } from '../sandbox/pages/html';
import type { Banner } from './banner';
import { END_USERS, type EndUser } from './sign-in';
import { SAMPLE_APP_STYLE } from './style';
import type { Connection } from './terra-connect-client';

const PROVIDER_NAMES: Record<string, string> = {
  WHOOP: 'WHOOP',
  COROS: 'COROS',
  GOOGLE_HEALTH: 'Google Health',
  APPLE: 'Apple Health',
};
const STATUS_TEXT: Record<string, string> = {
  active: 'Connected',
  needs_reauth: 'Needs attention: connect this device again',
};

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

export function diaryPage(user: EndUser, devices: Connection[], banner: Banner | null): Page {
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
          devices.length > 0
            ? html`<ul class="devices" data-testid="devices">
                ${devices.map(deviceRow)}
              </ul>`
            : html`<p class="quiet" data-testid="no-devices">No device is connected yet.</p>`
        }
      </section>`,
    user,
  );
}

export function messagePage(title: string, text: string): Page {
  return appPage(
    title,
    html`<section class="card">
      <h1>${title}</h1>
      <p role="alert">${text}</p>
      <p><a href="/">Back to your devices</a></p>
    </section>`,
  );
}

function bannerBox({ tone, text, checkAgain }: Banner): Html {
  const link = checkAgain && html` <a href="${checkAgain}" data-testid="check-again">Check again</a>`;
  return html`<p class="banner ${tone}" role="${tone === 'bad' ? 'alert' : 'status'}" data-testid="banner">
    ${text}${link}
  </p>`;
}

function deviceRow(device: Connection): Html {
  const name = providerName(device.provider);
  const since =
    device.connectedAt &&
    html` since <time datetime="${device.connectedAt}">${device.connectedAt.slice(0, 10)}</time>`;
  return html`<li data-testid="device-${device.provider}">
    <span class="badge" aria-hidden="true">${name.charAt(0)}</span>
    <span class="about">
      <strong>${name}</strong>
      <span class="state ${device.status}" data-testid="status-${device.provider}"
        >${STATUS_TEXT[device.status] ?? device.status}${since}</span
      >
    </span>
    <form method="post" action="/devices/${encodeURIComponent(device.id)}/disconnect">
      <button aria-label="Disconnect ${name}" data-testid="disconnect-${device.provider}">Disconnect</button>
    </form>
  </li>`;
}

function signInForm(user: EndUser, current?: EndUser): Html {
  const pressed = current ? html` aria-pressed="${String(user.slug === current.slug)}"` : null;
  return html`<form method="post" action="/sign-in">
    <input type="hidden" name="user" value="${user.slug}" />
    <button data-testid="user-${user.slug}" ${pressed}>${user.name}</button>
  </form>`;
}

function providerName(code: string): string {
  const words = code.toLowerCase().split('_');
  return PROVIDER_NAMES[code] ?? words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ');
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
