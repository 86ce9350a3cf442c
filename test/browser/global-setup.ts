import { findChromium } from './chromium';

/** Fails once, before all tests, when Chromium is missing. */
export default function globalSetup(): void {
  findChromium();
}
