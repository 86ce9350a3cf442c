import { html, type Html, type Page } from '../sandbox/pages/html';
import type { Banner } from './banner';
import type { Devices } from './devices';
import { devicesSection } from './devices-section';
import { diaryEntries } from './diary/diary-section';
import { SCRIPT_PATH, streamPath } from './diary/paths';
import type { Entry } from './diary/terra-data';
import { END_USERS, type EndUser } from './sign-in';
import { SAMPLE_APP_STYLE } from './style';

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

/** What the page knows about the end user. */
export interface DiaryPageContent {
  devices: Devices;
  entries: readonly Entry[];
  /** Why the diary gets no data, for developers; null if it does. */
  noDataBecause: string | null;
}

export function diaryPage(user: EndUser, content: DiaryPageContent, banner: Banner | null): Page {
  const { devices, entries, noDataBecause } = content;
  const page = appPage(
    'Your diary',
    html`${banner && html`<div id="${banner.tone}-banner">${bannerBox(banner)}</div>`}
      <section class="card">
        <h1>Hello, ${user.name.split(' ')[0]}</h1>
        <p>Connect a wearable to see your steps, sleep and heart rate in your diary.</p>
        <form method="post" action="/connect">
          <button class="first" data-testid="connect-device">Connect device</button>
        </form>
      </section>
      <section class="card" aria-labelledby="diary-title">
        <h2 id="diary-title">Your diary</h2>
        <p id="news" class="news" role="status" data-stream="${streamPath(user)}" data-testid="news">
          Reload the page to see new data.
        </p>
        <div id="diary">${diaryEntries(entries, devices.endedIds)}</div>
        ${
          noDataBecause &&
          html`<p class="quiet details">For developers: no events arrive. ${noDataBecause}</p>`
        }
      </section>
      <div id="devices">${devicesSection(devices)}</div>`,
    user,
  );
  return { ...page, script: SCRIPT_PATH };
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
        A sample app. Its server calls Terra Connect; your browser never receives the API key. The diary is in
        the server's memory: after a restart, it is empty until new data arrives.
      </footer>`,
  };
}
