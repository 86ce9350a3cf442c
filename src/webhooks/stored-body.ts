import { isDeeperThan } from '../common';

// Deeper than every event of Terra.
const MAX_LEVELS = 100;

/** Parses a stored body. Returns null if it is not a JSON object or list, or is nested too deeply to work with. */
export function parseStoredBody(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    return isDeeperThan(value, MAX_LEVELS) ? null : value;
  } catch {
    return null;
  }
}
