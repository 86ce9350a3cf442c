interface HtmlDocument {
  language: string;
  /** Plain text, as all texts of a page before {@link escapeHtml}. */
  title: string;
  style: string;
  /** Markup for the head, each element on a line of its own. */
  head?: string;
  /** The markup of the body. */
  body: string;
}

/** Renders a page. No page of the service is for search engines. */
export function renderHtml({ language, title, style, head = '', body }: HtmlDocument): string {
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
${head}<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
