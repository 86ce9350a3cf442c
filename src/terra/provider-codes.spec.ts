import { canonicalProvider } from './provider-codes';

describe('canonicalProvider', () => {
  it.each([
    ['GOOGLEFIT', 'GOOGLE'],
    ['google_fit', 'GOOGLE'],
    ['Google-Fit', 'GOOGLE'],
    ['GOOGLE', 'GOOGLE'],
    ['HEALTHCONNECT', 'HEALTH_CONNECT'],
    ['health-connect', 'HEALTH_CONNECT'],
    ['HEALTH CONNECT', 'HEALTH_CONNECT'],
    ['APPLE_HEALTH', 'APPLE'],
    ['AppleHealth', 'APPLE'],
    ['SAMSUNG_HEALTH', 'SAMSUNG'],
    ['GOOGLEHEALTH', 'GOOGLE_HEALTH'],
  ])('reads %s as %s: two codes of one provider are one', (code, canonical) => {
    expect(canonicalProvider(code)).toBe(canonical);
  });

  it.each(['GARMIN', 'GOOGLE_HEALTH', 'FITBIT', 'OMRON', 'OMRONUS', 'NEW_PROVIDER_2027'])(
    'keeps %s: a provider of its own, or one that the table does not know',
    (code) => {
      expect(canonicalProvider(code.toLowerCase())).toBe(code);
    },
  );
});
