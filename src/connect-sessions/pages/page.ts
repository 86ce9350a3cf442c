import { createHash } from 'node:crypto';

export interface Page {
  title: string;
  /** Plain text; `renderPage` escapes it. */
  paragraphs: string[];
  tone: 'good' | 'neutral' | 'bad';
  /** The browser reloads the page after this many seconds. */
  refreshSeconds?: number;
}

const STYLE = `
:root { color-scheme: light dark; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; box-sizing: border-box;
  font: 1.0625rem/1.6 system-ui, sans-serif; background: #f4f5f7; color: #1c2430; }
main { max-width: 32rem; background: #fff; border-radius: .75rem; padding: 2rem; border-top: .375rem solid #5b6b80; }
main.good { border-color: #1a7f4b; }
main.bad { border-color: #b3372b; }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: .5rem 0 0; }
@media (prefers-color-scheme: dark) { body { background: #12161c; color: #e8ecf1; } main { background: #1c232d; } }
`;

/** The pages load nothing, run no script and allow no frame, because they are a step on the way to health data. */
export const PAGE_HEADERS: Record<string, string> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
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

export function renderPage({ title, paragraphs, tone, refreshSeconds }: Page): string {
  const refresh = refreshSeconds ? `<meta http-equiv="refresh" content="${refreshSeconds}">\n` : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
${refresh}<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main class="${tone}">
<h1>${escapeHtml(title)}</h1>
${paragraphs.map((text) => `<p>${escapeHtml(text)}</p>`).join('\n')}
</main>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
