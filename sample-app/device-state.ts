import { isPhoneProvider, providerName } from './providers';
import type { Connection } from './terra-connect-client';

/** What the end user reads about one device, and what helps. */
export interface DeviceState {
  text: string;
  help: Help | null;
}

/**
 * `reconnect`: a button that starts a session with the connection's id; `name` says to a screen reader which device it means.
 * `phone`: a link to what to do on the phone.
 */
export type Help = { kind: 'reconnect'; label: string; name: string } | { kind: 'phone' };

/** Statuses of ended connections. Terra has not confirmed a `disconnecting` one, but it counts as ended. */
const ENDED_STATUSES: readonly string[] = ['disconnecting', 'disconnected', 'moved'];

type Sentence = (name: string) => string;

const LOST: Sentence = () => 'We receive no data from this device. Connect it again to continue.';
const NEEDS_REAUTH: Record<string, Sentence> = {
  connection_error: (name) =>
    `${name} no longer gives us your data, for example because you changed your password. Connect it again to continue.`,
  inactive: (name) => `We receive no data from ${name} any more. Connect it again to continue.`,
  missing_scopes: (name) =>
    `You have withdrawn every permission at ${name}. Connect it again, and allow at least what is marked as required.`,
};

const ENDED: Record<string, Sentence> = {
  disconnect_requested: () =>
    'You disconnected this device. It takes a moment until you can connect it again.',
  disconnected_by_us: () => 'You disconnected this device.',
  deauth: () => 'This device was disconnected outside of Pulse Diary.',
  access_revoked: (name) => `You ended the access of Pulse Diary at ${name}.`,
  absent: () => 'The connection ended, and we were not told why.',
  moved: (name) =>
    `Another user of Pulse Diary has connected this ${name} account. If the account is yours, connect it again.`,
};

export function isEnded({ status }: Connection): boolean {
  return ENDED_STATUSES.includes(status);
}

/**
 * The ended devices that an end user may want back: the last one of each provider without a device in use.
 *
 * @param connections newest first, as the service lists them
 */
export function earlierDevices(connections: readonly Connection[]): Connection[] {
  const shown = new Set(connections.filter((one) => !isEnded(one)).map(({ provider }) => provider));
  return connections.filter((one) => {
    if (shown.has(one.provider)) return false;
    shown.add(one.provider);
    return true;
  });
}

/** @param successor code of the provider that succeeds the device's provider; null if none is known */
export function stateOf(device: Connection, successor: string | null): DeviceState {
  const name = providerName(device.provider);
  if (isEnded(device)) return endedState(device, name);
  if (device.status === 'active') return { text: 'Connected', help: null };
  if (device.statusReason === 'provider_retired') return retiredState(name, successor);
  return {
    text: (NEEDS_REAUTH[device.statusReason ?? ''] ?? LOST)(name),
    help: reconnect(device, 'Reconnect'),
  };
}

function endedState(device: Connection, name: string): DeviceState {
  if (device.succeededBy) return { text: 'Another device has replaced this one.', help: null };
  const text = ENDED[device.statusReason ?? ''] ?? (() => 'The connection has ended.');
  // The service starts no session for a connection whose end Terra has not confirmed.
  const help = device.status === 'disconnecting' ? null : reconnect(device, 'Connect again');
  return { text: text(name), help };
}

function retiredState(name: string, successor: string | null): DeviceState {
  if (successor === null) {
    return {
      text: `${name} has ended its service for apps. Disconnect it, and connect another device.`,
      help: null,
    };
  }
  const next = providerName(successor);
  return {
    text: `${name} has ended its service for apps. ${next} replaces it: connect that to continue.`,
    help: isPhoneProvider(successor)
      ? { kind: 'phone' }
      : { kind: 'reconnect', label: `Connect ${next}`, name: `Connect ${next}` },
  };
}

function reconnect({ provider }: Connection, label: string): Help {
  return isPhoneProvider(provider)
    ? { kind: 'phone' }
    : { kind: 'reconnect', label, name: `${label} ${providerName(provider)}` };
}
