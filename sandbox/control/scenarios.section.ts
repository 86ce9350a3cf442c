import type { SandboxContext } from '../context';
import { html, type Html } from '../pages/html';
import { defaultReference, type PlayedScenario } from '../scenarios/player';
import { SCENARIO_GROUPS, SCENARIOS, type ScenarioName } from '../scenarios/scenarios';
import { group, type Search } from './section';

/** One button per scenario, in groups, and one field for the reference id. */
export function scenariosSection({ played }: SandboxContext, search: Search): Html | null {
  const groups = SCENARIO_GROUPS.map(({ title, names }) => ({
    title,
    rows: names.filter((name) => search.finds(name, SCENARIOS[name].means, title)).map(row),
  })).filter(({ rows }) => rows.length > 0);
  if (groups.length === 0) return null;
  const chosen = played && played.referenceId !== defaultReference(played.name) ? played.referenceId : '';
  return html`<section aria-labelledby="scenarios">
    <h2 id="scenarios">Scenarios</h2>
    <p class="note">A scenario resets all switches and sets its own. Most then connect an account.</p>
    <form method="post">
      ${
        /* Enter in the field presses the first button of the form, so the first button does nothing. */
        html`<button disabled hidden></button>`
      }
      <label for="scenario-reference">Reference id of the end user (empty: scenario-&lt;name&gt;)</label>
      <input type="text" id="scenario-reference" name="referenceId" value="${chosen}" autocomplete="off" />
      ${groups.map(({ title, rows }) => group(title, rows, { open: !search.isEmpty }))}
    </form>
  </section>`;
}

function row(name: ScenarioName): Html {
  return html`<li>
    <span class="what"><strong>${name}</strong> ${SCENARIOS[name].means}</span>
    <button class="small" formaction="/sandbox/scenarios/${name}" aria-label="Play ${name}">Play</button>
  </li>`;
}

/** What the last scenario did, until a reset. */
export function playedScenario({
  name,
  referenceId,
  provider,
  switches,
  users,
  deliveries,
}: PlayedScenario): Html {
  const changed = Object.entries(switches).map(([name, value]) => `${name}=${String(value)}`);
  return html`<div class="played">
    <p role="status" data-testid="scenario-played">
      Played <strong>${name}</strong> for <code>${referenceId}</code> (${provider}). Changed switches:
      ${changed.join(', ') || 'none'}. Created Terra users: ${users.length}. Created webhooks:
      ${deliveries.map(({ type }) => type).join(', ') || 'none'}.
    </p>
    <form method="post" action="/sandbox/behaviour/reset"><button class="small">End scenario</button></form>
  </div>`;
}
