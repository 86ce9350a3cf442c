import type { PageTexts } from './page-text';
import { DE } from './texts/de';
import { EN } from './texts/en';
import { ES } from './texts/es';
import { FR } from './texts/fr';
import { JA } from './texts/ja';

/** The languages of the pages. A text that is missing in one of them does not compile. */
export const PAGE_TEXTS = { en: EN, de: DE, fr: FR, es: ES, ja: JA } satisfies Record<string, PageTexts>;

export type PageLanguage = keyof typeof PAGE_TEXTS;
