import { SWITCHES, SWITCH_GROUPS, type SwitchName } from '../behaviour';
import type { SandboxContext } from '../context';
import { html, type Html } from '../pages/html';
import { group, type Search } from './section';

/** One form per switch, in groups. A group with a changed switch is open. */
export function switchesSection(
  { behaviour, initialBehaviour: initial }: SandboxContext,
  search: Search,
): Html | null {
  const isChanged = (name: SwitchName): boolean => String(behaviour[name]) !== String(initial[name]);
  const groups = SWITCH_GROUPS.map(({ title, names }) => ({
    title,
    shown: names.filter((name) => search.finds(name, SWITCHES[name].means, title)),
    changed: names.filter(isChanged).length,
  })).filter(({ shown }) => shown.length > 0);
  if (groups.length === 0) return null;
  return html`<section aria-labelledby="switches">
    <h2 id="switches">Switches</h2>
    ${groups.map(({ title, shown, changed }) =>
      group(
        title,
        shown.map((name) => row(name, String(behaviour[name]), isChanged(name))),
        {
          open: changed > 0 || !search.isEmpty,
          note: changed > 0 ? `${changed} changed` : undefined,
        },
      ),
    )}
    <div class="actions">
      <form method="post" action="/sandbox/behaviour/reset"><button>Reset all switches</button></form>
      <form method="post" action="/sandbox/reset"><button>Reset the sandbox</button></form>
    </div>
  </section>`;
}

function row(name: SwitchName, current: string, isChanged: boolean): Html {
  return html`<li>
    <span class="what">
      <label for="switch-${name}">${name}</label>${isChanged && html` <strong>(changed)</strong>`}
      ${SWITCHES[name].means}
    </span>
    <form method="post" action="/sandbox/behaviour" class="set">
      ${input(name, current)}<button class="small" aria-label="Set ${name}">Set</button>
    </form>
  </li>`;
}

function input(name: SwitchName, current: string): Html {
  const { choices } = SWITCHES[name];
  if (choices.length === 0) {
    return html`<input type="text" id="switch-${name}" name="${name}" value="${current}" />`;
  }
  const options = choices.map((choice) =>
    choice === current ? html`<option selected>${choice}</option>` : html`<option>${choice}</option>`,
  );
  return html`<select id="switch-${name}" name="${name}">
    ${options}
  </select>`;
}
