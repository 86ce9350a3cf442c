const REPLACEMENT = '…';
// The longest known secrets are the tokens that some clouds accept as the password of a database.
const MAX_VALUE_LENGTH = 2_048;

// Longer than the part of each pattern below that must be there before the pattern matches.
const MIN_WINDOW = 100;

// Credentials of callers, which the service cannot know in advance: our API keys, the secrets of webhook endpoints, the values of Authorization headers,
// webhook signatures, the tokens in connect links, and the user and password in a URL.
const CREDENTIALS: readonly [pattern: RegExp, replacement: string][] = [
  [/tc_[\w-]{16,}/g, `tc_${REPLACEMENT}`],
  [/whsec_[\w+/=-]{16,}/g, `whsec_${REPLACEMENT}`],
  [/\b(Bearer|Basic) [^\s"\\]{8,}/gi, `$1 ${REPLACEMENT}`],
  [/\bv1=[0-9a-f]{64}/gi, `v1=${REPLACEMENT}`],
  [/((?:\/|%2f)connect(?:\/|%2f)(?:return(?:\/|%2f))?)[\w-]{20,}/gi, `$1${REPLACEMENT}`],
  [/:\/\/[^\s/@"\\]+@/g, `://${REPLACEMENT}@`],
];

/** Cuts given values and the credentials of callers out of text, also if the values are encoded. */
export class Redactor {
  private readonly values: RegExp | null;
  /** Also matches each escape sequence, so that no value begins in the middle of one: the line stays valid JSON. */
  private readonly valuesInJson: RegExp | null;
  private readonly longest: number;

  /** @param minLength shorter values stay, because they are part of ordinary words; values of over 2 KB stay, too */
  constructor(values: readonly string[], minLength: number) {
    const known = values.filter(({ length }) => length >= minLength && length <= MAX_VALUE_LENGTH);
    const forms = [...new Set(known.flatMap(formsOf))];
    // The regular expression takes the first form that matches, and one form may be the beginning of another.
    const pattern = forms
      .sort((a, b) => b.length - a.length)
      .map(escapePattern)
      .join('|');
    this.values = pattern === '' ? null : new RegExp(pattern, 'g');
    this.valuesInJson = pattern === '' ? null : new RegExp(`${pattern}|(\\\\(?:u[0-9a-f]{4}|.))`, 'g');
    this.longest = Math.max(MIN_WINDOW, forms[0]?.length ?? 0);
  }

  redact(text: string): string {
    return withoutCredentials(this.values ? text.replace(this.values, REPLACEMENT) : text);
  }

  /** Redacts a line that is JSON already. */
  redactJson(line: string): string {
    const redacted = this.valuesInJson
      ? line.replace(this.valuesInJson, (_match, escape?: string) => escape ?? REPLACEMENT)
      : line;
    return withoutCredentials(redacted);
  }

  /** The beginning of the redacted text. The work depends on `maxLength`, and not on the length of the text. */
  excerpt(text: string, maxLength: number): string {
    const redacted = this.redact(text.slice(0, maxLength + this.longest));
    // The cut may have split a value. Its first half is among the last characters.
    const end =
      text.length > maxLength + this.longest ? Math.max(0, redacted.length - this.longest) : undefined;
    return redacted.slice(0, end).slice(0, maxLength);
  }
}

function withoutCredentials(text: string): string {
  return CREDENTIALS.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);
}

/** The value itself, in JSON, in JSON inside JSON, in a URL, in a form, and in base64. */
function formsOf(value: string): string[] {
  const inJson = JSON.stringify(value).slice(1, -1);
  const inUrl = encodeURIComponent(value.toWellFormed());
  return [
    value,
    inJson,
    JSON.stringify(inJson).slice(1, -1),
    inUrl,
    inUrl.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    new URLSearchParams({ v: value }).toString().slice('v='.length),
    ...base64FormsOf(value),
  ];
}

// In base64, for example of `user:password`, the characters depend on the number of bytes before the value (modulo
// three). This leaves out the first and last characters, because they also encode the bytes around the value.
function base64FormsOf(value: string): string[] {
  return [0, 1, 2].flatMap((bytesBefore) => {
    const bytes = Buffer.concat([Buffer.alloc(bytesBefore), Buffer.from(value)]);
    const begin = bytesBefore === 0 ? 0 : bytesBefore + 1;
    const end = Math.floor(bytes.length / 3) * 4 + (bytes.length % 3);
    const forms = [bytes.toString('base64'), bytes.toString('base64url')];
    return forms.map((form) => form.slice(begin, end)).filter(({ length }) => length >= MIN_BASE64_LENGTH);
  });
}

const MIN_BASE64_LENGTH = 8;

function escapePattern(text: string): string {
  return text.replace(/[\\^$*+?.()[\]{}|/-]/g, '\\$&');
}
