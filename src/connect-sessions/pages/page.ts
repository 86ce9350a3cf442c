import { createHash } from 'node:crypto';

import { escapeHtml, renderHtml, type Answer } from '../../http';
import type { PageText } from './page-text';
import type { PageLanguage } from './page-texts';

/** The texts are plain; `renderPage` escapes them. */
export interface Page extends PageText {
  tone: 'good' | 'neutral' | 'bad';
  /** A link that looks like a button. */
  link?: { href: string; label: string };
  /** A button that sends a POST to the URL of the page. A program that follows links does not press it. */
  button?: string;
  /** The browser goes to `url`, or reloads the page, after this many seconds. */
  refresh?: { seconds: number; url?: string };
}

const POLICY = 'content-security-policy';
const STYLE = `
:root { color-scheme: light dark; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; box-sizing: border-box;
  font: 1.0625rem/1.6 system-ui, sans-serif; background: #f4f5f7; color: #1c2430; }
main { max-width: 32rem; background: #fff; border-radius: .75rem; padding: 2rem; border-top: .375rem solid #5b6b80; }
main.good { border-color: #1a7f4b; }
main.bad { border-color: #b3372b; }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: .5rem 0 0; }
form { margin: 0; }
a, button { display: inline-block; margin-top: 1.5rem; padding: .75rem 1.25rem; border: 0; border-radius: .5rem; font: inherit;
  font-weight: 600; text-decoration: none; cursor: pointer; background: #1d4f91; color: #fff; }
a:focus-visible, button:focus-visible { outline: .1875rem solid #e0962e; outline-offset: .125rem; }
@media (prefers-color-scheme: dark) { body { background: #12161c; color: #e8ecf1; } main { background: #1c232d; } }
`;

/** The pages load nothing, run no script and allow no frame, because they are a step on the way to health data. */
const PAGE_HEADERS: Record<string, string> = {
  'content-type': 'text/html; charset=utf-8',
  [POLICY]: `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** Keeps a redirect out of caches, and its URL, which holds a secret, out of the Referer header. */
export const REDIRECT_HEADERS: Record<string, string> = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
};

/** An answer with a page. Only a page with a button may send a form, and only to the service. */
export function pageAnswer(status: number, language: PageLanguage, page: Page): Answer {
  const policy = PAGE_HEADERS[POLICY]!;
  const headers =
    page.button === undefined
      ? PAGE_HEADERS
      : { ...PAGE_HEADERS, [POLICY]: policy.replace("form-action 'none'", "form-action 'self'") };
  return { status, headers, body: renderPage(language, page) };
}

function renderPage(language: PageLanguage, page: Page): string {
  const { title, paragraphs, tone, link, button, refresh } = page;
  const parts = [
    `<h1>${escapeHtml(title)}</h1>`,
    ...paragraphs.map((text) => `<p>${escapeHtml(text)}</p>`),
    ...(button === undefined ? [] : [`<form method="post"><button>${escapeHtml(button)}</button></form>`]),
    ...(link === undefined ? [] : [`<a href="${escapeHtml(link.href)}">${escapeHtml(link.label)}</a>`]),
  ];
  return renderHtml({
    language,
    title,
    style: STYLE,
    head: refresh && renderRefresh(refresh),
    body: `<main class="${tone}">\n${parts.join('\n')}\n</main>`,
  });
}

function renderRefresh({ seconds, url }: { seconds: number; url?: string }): string {
  const content = url === undefined ? `${seconds}` : `${seconds}; url=${url}`;
  return `<meta http-equiv="refresh" content="${escapeHtml(content)}">\n`;
}
