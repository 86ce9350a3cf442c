import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** The path of the system's Chromium. Playwright would download one browser per Playwright version. */
export function findChromium(): string {
  const path = process.env.CHROMIUM || '/usr/bin/chromium';
  if (existsSync(path)) return path;
  throw new Error(
    `There is no Chromium at ${path}. Run apt-get install chromium, or set CHROMIUM to its path.`,
  );
}

export async function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
