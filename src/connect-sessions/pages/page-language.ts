import { canonicalLanguage } from '../language-tag';
import { PAGE_TEXTS, type PageLanguage } from './page-texts';

// A browser sends fewer languages. The header comes from outside, so the service reads only a part of a longer one.
const MAX_LANGUAGES = 20;

/**
 * The language of a page: that of the session if it has one that the pages speak, otherwise the best one of the browser,
 * otherwise English.
 */
export function pageLanguage(
  sessionLanguage: string | null,
  acceptLanguage: string | undefined,
): PageLanguage {
  const spoken = [sessionLanguage ?? '', ...preferred(acceptLanguage ?? '')].map(spokenOf);
  return spoken.find((language) => language !== null) ?? 'en';
}

/** The tags of an Accept-Language header (RFC 9110, 12.5.4), best first. */
function preferred(header: string): string[] {
  return header
    .split(',', MAX_LANGUAGES)
    .map((range) => {
      const [tag = '', ...parameters] = range.split(';').map((part) => part.trim());
      const weight = parameters.find((parameter) => /^q=/i.test(parameter))?.slice(2);
      return { tag, quality: weight === undefined ? 1 : Number(weight) };
    })
    .filter(({ quality }) => quality > 0 && quality <= 1)
    .sort((a, b) => b.quality - a.quality)
    .map(({ tag }) => tag);
}

function spokenOf(tag: string): PageLanguage | null {
  const language = canonicalLanguage(tag)?.split('-', 1)[0] ?? '';
  return Object.hasOwn(PAGE_TEXTS, language) ? (language as PageLanguage) : null;
}
