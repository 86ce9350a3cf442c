import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** Debian's own browser: playwright would download one, and another one with each of its versions. */
export function findChromium(): string {
  const path = process.env.CHROMIUM || '/usr/bin/chromium';
  if (existsSync(path)) return path;
  throw new Error(
    `There is no Chromium at ${path}: apt-get install chromium, or set CHROMIUM to the path of one.`,
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
