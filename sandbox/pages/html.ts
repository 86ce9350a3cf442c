import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';

/** Text that is HTML already. Templates escape all other values. */
export class Html {
  constructor(readonly text: string) {}
}

type TemplateValue = Html | Html[] | string | number | false | null | undefined;

export function html(strings: TemplateStringsArray, ...values: TemplateValue[]): Html {
  return new Html(strings.reduce((text, part, index) => text + render(values[index - 1]) + part));
}

export interface Page {
  title: string;
  style: string;
  body: Html;
  /** Path of a script, which may call this origin. Without it, the page runs no script. */
  script?: string;
}

/** Sends a whole HTML document. Its policy allows only the page's own style, and its script if it has one. */
export function sendPage(reply: FastifyReply, page: Page, status = 200): FastifyReply {
  // Do not indent the style inside the template: the policy's hash covers every character between the tags.
  const styleElement = new Html(`<style>${page.style}</style>`);
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${page.title}</title>
        <link rel="icon" href="data:," />
        ${styleElement} ${page.script && html`<script src="${page.script}" defer></script>`}
      </head>
      <body>
        ${page.body}
      </body>
    </html>`;
  const styleHash = createHash('sha256').update(page.style).digest('base64');
  const scriptRules = page.script ? "; script-src 'self'; connect-src 'self'" : '';
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .headers({
      // No form-action: browsers also apply it to the redirect after a form, which can lead to another site.
      'content-security-policy': `default-src 'none'; img-src data:; style-src 'sha256-${styleHash}'${scriptRules}; base-uri 'none'; frame-ancestors 'none'`,
      // "no-referrer" would also set the Origin header of forms to "null", and origin checks would fail.
      'referrer-policy': 'same-origin',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    .send(document.text);
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

function render(value: TemplateValue): string {
  if (value === null || value === undefined || value === false) return '';
  if (Array.isArray(value)) return value.map((item) => item.text).join('');
  return value instanceof Html ? value.text : escapeHtml(String(value));
}
