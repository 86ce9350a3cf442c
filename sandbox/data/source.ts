import { personOf, type Person } from './person';

/** One provider account whose device measures its owner. */
export interface Source {
  provider: string;
  person: Person;
  /** Decides about all values, together with the day. */
  seed: string;
}

export function sourceOf(user: { provider: string; providerAccount: string }): Source {
  const { provider, providerAccount } = user;
  return { provider, person: personOf(providerAccount), seed: `${provider} ${providerAccount}` };
}

const DEVICES: Record<string, readonly [manufacturer: string, name: string]> = {
  APPLE: ['Apple', 'Apple Watch Series 10'],
  COROS: ['COROS', 'PACE 3'],
  GARMIN: ['Garmin', 'Forerunner 265'],
  GOOGLE_HEALTH: ['Google', 'Pixel Watch 3'],
  OURA: ['Oura', 'Oura Ring 4'],
  POLAR: ['Polar', 'Vantage V3'],
  SAMSUNG: ['Samsung', 'Galaxy Watch7'],
  SUUNTO: ['Suunto', 'Suunto Race'],
  WHOOP: ['WHOOP', 'WHOOP 5.0'],
  WITHINGS: ['Withings', 'ScanWatch 2'],
};

/** Terra's `DeviceData`. */
export interface WireDevice {
  manufacturer: string;
  name: string;
}

export function deviceOf(provider: string): WireDevice {
  const [manufacturer, name] = DEVICES[provider] ?? [provider, `${provider} device`];
  return { manufacturer, name };
}
