import { findChromium } from './chromium';

/** Says so at once, and once, when there is nothing to test with. */
export default function globalSetup(): void {
  findChromium();
}
