import type { Page } from 'playwright-core';

interface AccessibilityReport {
  lang: string;
  title: string;
  headings: string[];
  mains: number;
  /** Every visible text, with its contrast to the background as WCAG defines it. */
  texts: { text: string; contrast: number }[];
}

// Runs in the page. It is a string, because this repository compiles without the DOM types.
const READ = `(() => {
  const parse = (color) => {
    const match = /^rgba?\\((\\d+), (\\d+), (\\d+)(?:, ([\\d.]+))?\\)$/.exec(color);
    if (!match) throw new Error('cannot read the color ' + color);
    return { rgb: match.slice(1, 4).map(Number), alpha: match[4] === undefined ? 1 : Number(match[4]) };
  };
  const over = (top, below) => top.rgb.map((value, i) => value * top.alpha + below[i] * (1 - top.alpha));
  const behind = (element) => {
    if (!element) return [255, 255, 255];
    const color = parse(getComputedStyle(element).backgroundColor);
    return color.alpha === 1 ? color.rgb : over(color, behind(element.parentElement));
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (element) => {
    const background = behind(element);
    const color = over(parse(getComputedStyle(element).color), background);
    const [light, dark] = [luminance(color), luminance(background)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (text && element.checkVisibility()) texts.push({ text, contrast: contrast(element) });
  }
  return {
    lang: document.documentElement.lang,
    title: document.title,
    headings: [...document.querySelectorAll('h1')].map((heading) => heading.textContent.trim()),
    mains: document.querySelectorAll('main').length,
    texts,
  };
})()`;

async function readAccessibility(page: Page): Promise<AccessibilityReport> {
  return page.evaluate<AccessibilityReport>(READ);
}

const MIN_CONTRAST = 4.5;

/** Checks language, title, landmarks and contrast of a page in light and dark mode. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const { lang, title, headings, mains, texts } = await readAccessibility(page);
    expect({ lang, mains, headings: headings.length }).toEqual({ lang: 'en', mains: 1, headings: 1 });
    expect(title).not.toBe('');
    expect(headings[0]).not.toBe('');
    expect(texts.length).toBeGreaterThan(1);
    expect(texts.filter(({ contrast }) => contrast < MIN_CONTRAST)).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

// The smallest target of WCAG 2.2 (2.5.8). A link inside of a sentence is exempt.
const MIN_TARGET_PX = 24;
const PHONE_READ = `(() => {
  const visible = [...document.body.querySelectorAll('*')].filter((element) => element.checkVisibility());
  const describe = (element) => element.tagName + ' ' + (element.ariaLabel ?? element.textContent.trim().slice(0, 40));
  const controls = visible.filter((element) => element.matches('button, select, input:not([type=hidden]), summary'));
  return {
    width: document.documentElement.scrollWidth - innerWidth,
    tooWide: visible.filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5
      || (element.scrollWidth > element.clientWidth && getComputedStyle(element).overflowX !== 'visible'
        && !element.matches('input, select'))).map(describe),
    tooSmall: controls.filter((element) => element.getBoundingClientRect().height < ${MIN_TARGET_PX}).map(describe),
    unnamed: controls.filter((element) => !(element.ariaLabel || element.textContent.trim() || element.labels?.length))
      .map(describe),
    screens: document.documentElement.scrollHeight / innerHeight,
  };
})()`;

/**
 * Shows the page at the width of a phone. Nothing may be wider than the screen, and every control can be hit with a thumb
 * and has a name.
 *
 * @returns the length of the page, in screens
 */
export async function expectFitsPhone(page: Page): Promise<number> {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 375, height: 667 });
  const { screens, ...faults } = await page.evaluate<{ screens: number }>(PHONE_READ);
  expect(faults).toEqual({ width: 0, tooWide: [], tooSmall: [], unnamed: [] });
  if (before) await page.setViewportSize(before);
  return screens;
}
