import type { SandboxContext } from '../context';
import { html, type Html } from '../pages/html';
import { table } from '../pages/table';
import { defaultReference, type PlayedScenario } from '../scenarios/player';
import { SCENARIOS, type Scenario } from '../scenarios/scenarios';

/** One button per scenario, and one field for the reference id. */
export function scenariosSection({ played }: SandboxContext): Html {
  const chosen = played && played.referenceId !== defaultReference(played.name) ? played.referenceId : '';
  const rows = Object.entries<Scenario>(SCENARIOS).map(([name, { means }]) => row(name, means));
  return html`<h2 id="scenarios">Scenarios</h2>
    <p class="note">
      A scenario resets all switches and sets its own. Most scenarios then connect an account of the end user.
    </p>
    ${played && lastPlayed(played)}
    <form method="post">
      ${
        /* Enter in the field presses the first button of the form, so the first button does nothing. */
        html`<button disabled hidden></button>`
      }
      <label for="scenario-reference">Reference id of the end user (empty: scenario-&lt;name&gt;)</label>
      <input type="text" id="scenario-reference" name="referenceId" value="${chosen}" autocomplete="off" />
      ${table('scenarios', ['Scenario', 'Meaning', 'Play'], rows)}
    </form>`;
}

function row(name: string, means: string): Html {
  return html`<tr>
    <th scope="row">${name}</th>
    <td>${means}</td>
    <td>
      <button class="small" formaction="/sandbox/scenarios/${name}" aria-label="Play ${name}">Play</button>
    </td>
  </tr>`;
}

function lastPlayed({ name, referenceId, provider, switches, users, deliveries }: PlayedScenario): Html {
  const changed = Object.entries(switches).map(([name, value]) => `${name}=${String(value)}`);
  return html`<p role="status" data-testid="scenario-played">
      Played <strong>${name}</strong> for <code>${referenceId}</code> (${provider}). Changed switches:
      ${changed.join(', ') || 'none'}. Created Terra users: ${users.length}. Created webhooks:
      ${deliveries.map(({ type }) => type).join(', ') || 'none'}.
    </p>
    <form method="post" action="/sandbox/behaviour/reset"><button class="small">End scenario</button></form>`;
}
