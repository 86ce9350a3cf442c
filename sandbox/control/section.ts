import { html, type Html } from '../pages/html';

/** What a search of the control page looks for; `all` without one. */
export class Search {
  private readonly words: string[];

  constructor(readonly text: string) {
    this.words = text.toLowerCase().split(/\s+/).filter(Boolean);
  }

  get isEmpty(): boolean {
    return this.words.length === 0;
  }

  /** Whether every word of the search is in one of the texts. */
  finds(...texts: string[]): boolean {
    const text = texts.join(' ').toLowerCase();
    return this.words.every((word) => text.includes(word));
  }
}

/** A group of rows that opens on a click. */
export function group(title: string, rows: Html[], options: { open: boolean; note?: string }): Html {
  const { open, note } = options;
  const content = html`<summary>${title} <span class="count">${note ?? rows.length}</span></summary>
    <ul class="rows">
      ${rows}
    </ul>`;
  return open
    ? html`<details class="group" open>${content}</details>`
    : html`<details class="group">${content}</details>`;
}
