const MAX_LENGTH = 64;
// RFC 5646 also allows to write a language of its own below its macrolanguage: `zh-yue` is `yue`. Intl does not.
const EXTENDED_LANGUAGE = /^(?:ar|kok|lv|ms|sgn|sw|uz|zh)-([a-z]{3})(?=-|$)/i;

/**
 * The canonical form of a BCP 47 language tag: `en-gb` → `en-GB`. Terra's form with an underscore is read, too.
 *
 * @returns null if the text is no language tag
 */
export function canonicalLanguage(text: string): string | null {
  if (text.length > MAX_LENGTH) return null;
  const tag = text.replaceAll('_', '-').replace(EXTENDED_LANGUAGE, '$1');
  // No registered language has more than three letters: `english` is a mistake.
  if (!/^[a-z]{2,3}(?:-|$)/i.test(tag)) return null;
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? null;
  } catch {
    return null;
  }
}

/** Why a value is no language of a session; null when it is one. */
export function describeLanguageProblem(value: unknown): string | null {
  if (typeof value === 'string' && canonicalLanguage(value) !== null) return null;
  return 'must be a BCP 47 language tag, such as en, pt-BR or zh-Hans';
}
