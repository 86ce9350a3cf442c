const NAMES: Record<string, string> = {
  APPLE: 'Apple Health',
  COROS: 'COROS',
  EIGHT: 'Eight Sleep',
  FREESTYLELIBRE: 'FreeStyle Libre',
  GOOGLE: 'Google Fit',
  GOOGLE_HEALTH: 'Google Health',
  HEALTH_CONNECT: 'Health Connect',
  MYFITNESSPAL: 'MyFitnessPal',
  SAMSUNG: 'Samsung Health',
  WHOOP: 'WHOOP',
};

/** Providers whose data is on the phone: only this app's phone version can connect them, not a browser. */
const PHONE_PROVIDERS: readonly string[] = ['APPLE', 'HEALTH_CONNECT', 'SAMSUNG'];

export function isPhoneProvider(code: string): boolean {
  return PHONE_PROVIDERS.includes(code);
}

export function providerName(code: string): string {
  const words = code.toLowerCase().split('_');
  return NAMES[code] ?? words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ');
}
