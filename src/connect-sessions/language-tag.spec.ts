import { canonicalLanguage } from './language-tag';

describe('A language tag', () => {
  it.each([
    ['en', 'en'],
    ['EN-gb', 'en-GB'],
    ['zh_cn', 'zh-CN'],
    ['zh-hant-tw', 'zh-Hant-TW'],
    ['de-CH-1901', 'de-CH-1901'],
    ['sl-rozaj-biske', 'sl-biske-rozaj'],
    ['es-419', 'es-419'],
    ['zh-cmn-Hans-CN', 'zh-Hans-CN'],
    ['zh-yue-HK', 'yue-HK'],
    ['iw', 'he'],
    ['en-US-u-hc-h12', 'en-US-u-hc-h12'],
    ['en-x-pirate', 'en-x-pirate'],
  ])('of RFC 5646 is accepted: %s', (text, canonical) => {
    expect(canonicalLanguage(text)).toBe(canonical);
  });

  it.each([
    '',
    'e',
    'english',
    'english language',
    'en--GB',
    'en-',
    '-en',
    'english; drop',
    'en\n',
    '日本語',
    `en-x${'-a'.repeat(40)}`,
  ])('of another form is rejected: %j', (text) => {
    expect(canonicalLanguage(text)).toBeNull();
  });
});
