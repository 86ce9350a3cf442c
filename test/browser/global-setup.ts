import { findChromium } from './chromium';

/** Fails before all tests, instead of in each test, when Chromium is missing. */
export default function globalSetup(): void {
  findChromium();
}
