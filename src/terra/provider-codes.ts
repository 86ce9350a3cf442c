/**
 * Code of a provider in this service → the other codes that Terra's lists, events and documents use for it. The codes are
 * one provider, so an end user's connection at it has one connection key, whichever code an answer has. Two providers
 * whose names only look alike, such as GOOGLE (Google Fit) and GOOGLE_HEALTH, are not aliases.
 */
const ALIASES: Record<string, readonly string[]> = {
  APPLE: ['APPLE_HEALTH', 'APPLEHEALTH', 'APPLE_HEALTHKIT', 'HEALTHKIT'],
  GOOGLE: ['GOOGLEFIT', 'GOOGLE_FIT'],
  GOOGLE_HEALTH: ['GOOGLEHEALTH'],
  HEALTH_CONNECT: ['HEALTHCONNECT', 'GOOGLE_HEALTH_CONNECT', 'ANDROID_HEALTH_CONNECT'],
  SAMSUNG: ['SAMSUNG_HEALTH', 'SAMSUNGHEALTH'],
};

const CODE_OF_ALIAS = new Map(
  Object.entries(ALIASES).flatMap(([code, aliases]) => aliases.map((alias) => [alias, code] as const)),
);

/** The one code by which the service knows a provider: in upper case, and never an alias. */
export function canonicalProvider(code: string): string {
  const upper = code.trim().toUpperCase();
  const withUnderscores = upper.replaceAll(/[-. ]/g, '_');
  // An unknown code keeps its characters: they may be what tells two providers apart.
  return CODE_OF_ALIAS.get(withUnderscores) ?? (withUnderscores in ALIASES ? withUnderscores : upper);
}
