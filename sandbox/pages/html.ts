import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';

/** Text that is already HTML. Everything else that reaches a template is escaped. */
export class Html {
  constructor(readonly text: string) {}
}

type Piece = Html | Html[] | string | number | false | null | undefined;

export function html(strings: TemplateStringsArray, ...pieces: Piece[]): Html {
  return new Html(strings.reduce((text, part, index) => text + render(pieces[index - 1]) + part));
}

export interface Page {
  title: string;
  style: string;
  body: Html;
}

/** Answers with a whole document that may load nothing and run nothing; only its own style passes the policy. */
export function sendPage(reply: FastifyReply, page: Page, status = 200): FastifyReply {
  // Built apart: the policy's hash covers every character between the tags.
  const styleElement = new Html(`<style>${page.style}</style>`);
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${page.title}</title>
        <link rel="icon" href="data:," />
        ${styleElement}
      </head>
      <body>
        ${page.body}
      </body>
    </html>`;
  const styleHash = createHash('sha256').update(page.style).digest('base64');
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .headers({
      // No form-action: browsers apply it to the redirects after a form too, and those lead to other sites.
      'content-security-policy': `default-src 'none'; img-src data:; style-src 'sha256-${styleHash}'; base-uri 'none'; frame-ancestors 'none'`,
      // "no-referrer" would also turn the Origin header of forms into "null", which origin checks need.
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

function render(piece: Piece): string {
  if (piece === null || piece === undefined || piece === false) return '';
  if (Array.isArray(piece)) return piece.map((item) => item.text).join('');
  return piece instanceof Html ? piece.text : escapeHtml(String(piece));
}
