import { isStorable } from '../common';

/** Readers for JSON from Terra. They check every type and never throw. */

export function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

export function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** Returns a non-empty text that Postgres can store, or null. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && isStorable(value) ? value : null;
}

export function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

// Far above the number and the length of any provider's scopes.
const MAX_ENTRIES = 500;
const MAX_ENTRY_LENGTH = 200;

/**
 * Reads a list of texts, also in the form `"A,B"`, which Terra uses for scopes. An entry that {@link textOf} does not
 * accept or that is too long counts as absent, like any other unusable text.
 */
export function listOfText(value: unknown): string[] {
  const parts =
    typeof value === 'string' ? value.split(',', MAX_ENTRIES) : asList(value).slice(0, MAX_ENTRIES);
  const texts = parts.map((part) => textOf(typeof part === 'string' ? part.trim() : part));
  const usable = texts.filter((text) => text !== null).filter(({ length }) => length <= MAX_ENTRY_LENGTH);
  return [...new Set(usable)];
}

/** Reads a time of Terra: ISO 8601, in UTC if it has no zone. */
export function dateOf(value: unknown): Date | null {
  const text = textOf(value);
  if (text === null || !/^\d{4}-\d{2}-\d{2}T/.test(text)) return null;
  const date = new Date(/(?:Z|[+-]\d{2}:?\d{2})$/i.test(text) ? text : `${text}Z`);
  return Number.isNaN(date.getTime()) ? null : date;
}

const MAX_EXPIRY_SECONDS = 30 * 86_400;

/** Reads after how many seconds something of Terra expires; null if that is not plausible. */
export function expiryOf(value: unknown): number | null {
  const seconds = numberOf(value);
  return seconds !== null && seconds >= 1 && seconds <= MAX_EXPIRY_SECONDS ? seconds : null;
}
