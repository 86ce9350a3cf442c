/** A source of health data in the widget and in `/integrations`. */
export interface Provider {
  code: string;
  name: string;
  /** Whether only an app on the phone can link this provider, not the widget (Terra: agent-skills, mobile SDK). */
  phoneOnly: boolean;
  scopes: string[];
  /** Without these scopes an attempt fails with `missing_scopes`. */
  requiredScopes: string[];
}

const READ_ALL = ['activity', 'body', 'daily', 'sleep'];

export const PROVIDERS: readonly Provider[] = [
  cloud('COROS', 'COROS', ['activity', 'daily', 'sleep'], ['activity']),
  cloud('DEXCOM', 'Dexcom', ['body'], ['body']),
  cloud('EIGHT', 'Eight Sleep', ['sleep'], ['sleep']),
  cloud('FITBIT', 'Fitbit (ended)', [...READ_ALL, 'nutrition'], ['activity']),
  cloud('FREESTYLELIBRE', 'FreeStyle Libre', ['body'], ['body']),
  cloud('GARMIN', 'Garmin', [...READ_ALL, 'menstruation'], ['activity']),
  cloud('GOOGLE', 'Google Fit (ends with 2026)', READ_ALL, ['activity']),
  cloud('GOOGLE_HEALTH', 'Google Health', [...READ_ALL, 'nutrition'], ['activity']),
  cloud('HUAWEI', 'Huawei Health', READ_ALL, ['activity']),
  cloud('MYFITNESSPAL', 'MyFitnessPal', ['nutrition', 'activity'], ['nutrition']),
  cloud('OMRON', 'Omron', ['body'], ['body']),
  cloud('OURA', 'Oura', ['activity', 'daily', 'email', 'sleep'], ['email']),
  cloud('PELOTON', 'Peloton', ['activity'], ['activity']),
  cloud('POLAR', 'Polar', ['activity', 'daily', 'sleep'], ['activity']),
  cloud('STRAVA', 'Strava', ['activity'], ['activity']),
  cloud('SUUNTO', 'Suunto', ['activity', 'daily', 'sleep'], ['activity']),
  cloud('ULTRAHUMAN', 'Ultrahuman', READ_ALL, ['activity']),
  cloud('WAHOO', 'Wahoo', ['activity'], ['activity']),
  cloud('WHOOP', 'WHOOP', READ_ALL, ['activity']),
  cloud('WITHINGS', 'Withings', READ_ALL, ['body']),
  cloud('ZWIFT', 'Zwift', ['activity'], ['activity']),
  phone('APPLE', 'Apple Health'),
  phone('HEALTH_CONNECT', 'Health Connect'),
  phone('SAMSUNG', 'Samsung Health'),
];

/** Providers that Terra no longer offers to new end users: GOOGLE_HEALTH succeeds both (Terra's migration pages, 2026). */
const ENDED = ['FITBIT', 'GOOGLE'];

/** The providers that the sandbox enables by default. A few are missing, so that a test can request a disabled provider. */
export const ENABLED_BY_DEFAULT = PROVIDERS.map(({ code }) => code).filter(
  (code) => ![...ENDED, 'HUAWEI', 'PELOTON', 'ZWIFT'].includes(code),
);

/** Finds a provider by its code in either case. Like Terra, the sandbox answers with upper-case codes. */
export function findProvider(code: string): Provider | null {
  return PROVIDERS.find((provider) => provider.code === code.trim().toUpperCase()) ?? null;
}

function cloud(code: string, name: string, scopes: string[], requiredScopes: string[]): Provider {
  return { code, name, phoneOnly: false, scopes, requiredScopes };
}

function phone(code: string, name: string): Provider {
  return { code, name, phoneOnly: true, scopes: READ_ALL, requiredScopes: [] };
}
