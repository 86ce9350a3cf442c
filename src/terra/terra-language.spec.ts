import { toTerraLanguage } from './terra-language';

describe('The language that Terra gets', () => {
  it.each([
    ['en', 'en'],
    ['en-GB', 'en'],
    ['fr-CA', 'fr'],
    ['ja-JP-u-ca-japanese', 'ja'],
    ['pt-BR', 'pt'],
    ['sr-Latn-RS', 'sr'],
    ['zh', 'zh_cn'],
    ['zh-CN', 'zh_cn'],
    ['zh-Hans', 'zh_cn'],
    ['zh-SG', 'zh_cn'],
    ['zh-Hans-HK', 'zh_cn'],
    ['zh-TW', 'zh_tw'],
    ['zh-Hant', 'zh_tw'],
    ['zh-HK', 'zh_tw'],
  ])('is, for the tag %s, %s', (tag, name) => {
    expect(toTerraLanguage(tag)).toBe(name);
  });
});
