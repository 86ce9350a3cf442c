/** Readers for JSON from Terra. They check every type and never throw. */

export function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

export function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** Returns a non-empty text that Postgres can store (no NUL, no lone surrogate), or null. */
export function textOf(value: unknown): string | null {
  const usable = typeof value === 'string' && value !== '' && !value.includes('\0') && value.isWellFormed();
  return usable ? value : null;
}

export function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Reads a list of texts, also in the form `"A,B"`, which Terra uses for scopes. */
export function listOfText(value: unknown): string[] {
  const parts =
    typeof value === 'string' ? value.split(',') : asList(value).filter((item) => typeof item === 'string');
  return [...new Set(parts.map((part) => part.trim()).filter((part) => part !== ''))];
}

/** Reads a time of Terra: ISO 8601, in UTC if it has no zone. */
export function dateOf(value: unknown): Date | null {
  const text = textOf(value);
  if (text === null || !/^\d{4}-\d{2}-\d{2}T/.test(text)) return null;
  const date = new Date(/(?:Z|[+-]\d{2}:?\d{2})$/i.test(text) ? text : `${text}Z`);
  return Number.isNaN(date.getTime()) ? null : date;
}
