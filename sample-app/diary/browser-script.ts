/**
 * The script of the diary's page. The server sends a part of the page when it has changed; the script puts it in place.
 * It is a text, because this repository compiles without the types of browsers.
 */
export const BROWSER_SCRIPT = `
const news = document.getElementById('news');
const stream = new EventSource(news.dataset.stream);

function say(text) {
  if (news.textContent !== text) news.textContent = text;
}

// The server has escaped every value. A parsed document runs no scripts, and neither does this page: its policy forbids it.
function show(id, html) {
  const part = document.getElementById(id);
  if (!part) return;
  const { body } = new DOMParser().parseFromString(html, 'text/html');
  const focused = part.contains(document.activeElement) ? document.activeElement.id : '';
  part.replaceChildren(...body.childNodes);
  if (focused) document.getElementById(focused)?.focus();
}

for (const id of ['good-banner', 'diary', 'devices'])
  stream.addEventListener(id, ({ data }) => show(id, JSON.parse(data)));
stream.addEventListener('news', ({ data }) => say(JSON.parse(data)));
stream.addEventListener('open', () => say('New data appears here by itself.'));
stream.addEventListener('error', () =>
  say(stream.readyState === EventSource.CLOSED ? 'Reload the page to see new data.' : 'Connecting again …'),
);
`;
