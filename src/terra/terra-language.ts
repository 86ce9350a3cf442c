/**
 * Terra's name for a language, from a BCP 47 tag: `en-GB` → `en`, `zh-Hans` and `zh-SG` → `zh_cn`. Terra names languages
 * without a region, except for Chinese (widget specification 2026.10.08), and ignores names that it does not know.
 */
export function toTerraLanguage(tag: string): string {
  const { language, script } = new Intl.Locale(tag).maximize();
  if (language === 'zh') return script === 'Hant' ? 'zh_tw' : 'zh_cn';
  return language;
}
