/** Whether Postgres can store the text unchanged. It stores neither NUL nor half of a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** Cuts a text that we only keep for people, and replaces what Postgres cannot store. The cut may split a pair. */
export function toStorable(text: string, maxLength: number): string {
  return text.slice(0, maxLength).replaceAll('\0', '\ufffd').toWellFormed();
}
