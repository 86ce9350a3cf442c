import { html, type Html } from './html';

/**
 * A table that scrolls sideways on narrow screens.
 *
 * @param headingId the id of the heading that names it
 */
export function table(headingId: string, columns: string[], rows: Html[]): Html {
  return html`<div class="scroll" role="region" aria-labelledby="${headingId}" tabindex="0">
    <table>
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col">${column}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}
