import { pageLanguage } from './page-language';
import type { PageText, PageTexts } from './page-text';
import { PAGE_TEXTS } from './page-texts';

describe('The language of a page', () => {
  it.each([
    ['de', 'fr', 'de'],
    ['de-CH', undefined, 'de'],
    ['zh_cn', 'ja;q=0.4, fr-CA;q=0.8, pl', 'fr'],
    ['it', undefined, 'en'],
    [null, 'de-AT', 'de'],
    [null, 'en;q=0.1, es-419;q=0.9', 'es'],
    [null, 'ja;q=0, fr;q=0.1', 'fr'],
    [null, 'JA-jp', 'ja'],
    [null, '*', 'en'],
    [null, '', 'en'],
    [null, undefined, 'en'],
    [null, 'constructor, de;q=x, ja;q=2', 'en'],
    [null, `${'pl,'.repeat(20)}de`, 'en'],
  ])('for a session in %s and a browser in %s is %s', (session, browser, expected) => {
    expect(pageLanguage(session, browser)).toBe(expected);
  });
});

describe('The texts of the pages', () => {
  const all = (texts: PageTexts): string[] =>
    Object.values(texts).flatMap((text: string | PageText | ((provider: string | null) => PageText)) => {
      if (typeof text === 'string') return [text];
      const pages = typeof text === 'function' ? [text('Garmin'), text(null)] : [text];
      return pages.flatMap(({ title, paragraphs }) => [title, ...paragraphs]);
    });

  it.each(Object.entries(PAGE_TEXTS))(
    'are complete in every language, and name the provider if it is known: %s',
    (_, texts) => {
      for (const text of all(texts)) expect(text.trim()).toBe(text);
      expect(all(texts)).not.toContain('');
      for (const name of ['connected', 'pending', 'failed', 'cancelled'] as const) {
        expect(JSON.stringify(texts[name]('Garmin'))).toContain('Garmin');
        expect(JSON.stringify(texts[name](null))).not.toMatch(/null|undefined/);
      }
    },
  );

  it('are not the English ones in another language', () => {
    const english = new Set(all(PAGE_TEXTS.en));
    const { en, ...others } = PAGE_TEXTS;
    expect(en).toBe(PAGE_TEXTS.en);
    for (const texts of Object.values(others))
      expect(all(texts).filter((text) => english.has(text))).toEqual([]);
  });
});
