import { html, type Html } from '../sandbox/pages/html';
import { stateOf, type Help } from './device-state';
import type { Devices } from './devices';
import { providerName } from './providers';
import type { Connection } from './terra-connect-client';

/** The end user's devices, with what each needs. */
export function devicesSection(devices: Devices): Html {
  const { inUse, earlier } = devices;
  return html`<section class="card" aria-labelledby="devices-in-use">
      <h2 id="devices-in-use">Your devices</h2>
      ${
        inUse.length > 0
          ? html`<ul class="devices" data-testid="devices">
              ${inUse.map((device) => deviceRow(device, devices))}
            </ul>`
          : html`<p class="quiet" data-testid="no-devices">No device is connected yet.</p>`
      }
    </section>
    ${
      earlier.length > 0 &&
      html`<section class="card" aria-labelledby="earlier-devices">
        <h2 id="earlier-devices">Earlier devices</h2>
        <ul class="devices" data-testid="earlier-devices">
          ${earlier.map((device) => earlierRow(device))}
        </ul>
      </section>`
    }`;
}

function deviceRow(device: Connection, { successors }: Devices): Html {
  const { id, provider, status, connectedAt } = device;
  const name = providerName(provider);
  const { text, help } = stateOf(device, successors.get(provider) ?? null);
  const since =
    status === 'active' &&
    connectedAt &&
    html` since <time datetime="${connectedAt}">${connectedAt.slice(0, 10)}</time>`;
  return html`<li data-testid="device-${provider}">
    <span class="badge" aria-hidden="true">${name.charAt(0)}</span>
    <span class="about">
      <strong>${name}</strong>
      <span class="state ${status}" data-testid="status-${provider}">${text}${since}</span>
    </span>
    <span class="actions">
      ${help && helpFor(device, help)}
      <form method="post" action="/devices/${encodeURIComponent(id)}/disconnect">
        <button id="disconnect-${id}" aria-label="Disconnect ${name}" data-testid="disconnect-${provider}">
          Disconnect
        </button>
      </form>
    </span>
  </li>`;
}

function earlierRow(device: Connection): Html {
  const name = providerName(device.provider);
  const { text, help } = stateOf(device, null);
  return html`<li data-testid="earlier-${device.provider}">
    <span class="badge" aria-hidden="true">${name.charAt(0)}</span>
    <span class="about">
      <strong>${name}</strong>
      <span class="state" data-testid="status-${device.provider}">${text}</span>
    </span>
    <span class="actions">${help && helpFor(device, help)}</span>
  </li>`;
}

function helpFor({ id, provider }: Connection, help: Help): Html {
  if (help.kind === 'phone') {
    return html`<a class="button" href="/phone" data-testid="phone-${provider}">What to do on your phone</a>`;
  }
  return html`<form method="post" action="/devices/${encodeURIComponent(id)}/reconnect">
    <button class="help" id="reconnect-${id}" aria-label="${help.name}" data-testid="reconnect-${provider}">
      ${help.label}
    </button>
  </form>`;
}
