import { ServiceRejectedError, ServiceUnavailableError } from './terra-connect-client';

export const SERVICE_UNAVAILABLE =
  'Device connections are not available right now. Your diary is not affected. Try again in a minute.';

const REJECTED =
  'Pulse Diary could not do that. You did nothing wrong. If it happens again, tell our support.';
// What an end user can do, for the codes that an end user can cause. The service's own texts speak to developers.
const TEXTS: Record<string, string> = {
  'rate_limit.exceeded': 'You have tried many times in a row. Wait some minutes, then try again.',
  'connection.disconnecting': 'This device is still being disconnected. Try again in a minute.',
  'connection.not_found': 'This device is no longer on your list. Go back, and connect it as a new one.',
  'provider.unknown': 'This device can no longer be connected. Go back, and connect another one.',
};

export interface ErrorText {
  status: number;
  text: string;
  /** The service's own words; a real app writes them to its log instead. */
  forDevelopers: string | null;
}

export function errorTextOf(error: unknown): ErrorText {
  if (error instanceof ServiceRejectedError) {
    const text = TEXTS[error.code] ?? REJECTED;
    return { status: 502, text, forDevelopers: `${error.code}: ${error.message}` };
  }
  const forDevelopers = error instanceof ServiceUnavailableError ? error.message : null;
  return { status: 503, text: SERVICE_UNAVAILABLE, forDevelopers };
}
