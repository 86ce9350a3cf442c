import { ProviderSuccessors } from './provider-successors';

const successors = (configured: Record<string, string | null> = {}): ProviderSuccessors =>
  new ProviderSuccessors({ checkMinutes: 60, successors: configured });

describe('The successors of ended providers', () => {
  it('are known for Fitbit and Google Fit: GOOGLE_HEALTH', () => {
    expect(successors().successorsOf('FITBIT')).toEqual(['GOOGLE_HEALTH']);
    expect(successors().successorsOf('GOOGLE')).toEqual(['GOOGLE_HEALTH']);
    expect(successors().successorsOf('GARMIN')).toEqual([]);
  });

  it('can be added and replaced by the configuration, in any code of a provider', () => {
    const configured = successors({ GOOGLEFIT: 'HEALTHCONNECT', fitbit: null, OLD: 'GOOGLE' });
    expect(configured.successorOf('GOOGLE')).toBe('HEALTH_CONNECT');
    expect(configured.successorOf('FITBIT')).toBeNull();
    expect(configured.successorsOf('OLD')).toEqual(['GOOGLE', 'HEALTH_CONNECT']);
  });

  it('end also when two providers succeed each other', () => {
    expect(successors({ A: 'B', B: 'A' }).successorsOf('A')).toEqual(['B']);
  });

  it('say since when the end of a provider is known', () => {
    const [before, after] = [new Date('2026-11-01T23:59:59Z'), new Date('2026-11-02T00:00:00Z')];
    expect(successors().isKnownEnded('FITBIT', before)).toBe(false);
    expect(successors().isKnownEnded('FITBIT', after)).toBe(true);
    expect(successors().isKnownEnded('GOOGLE', after)).toBe(false);
    expect(successors({ OLD: null }).isKnownEnded('OLD', before)).toBe(true);
    expect(successors().isKnownEnded('GARMIN', after)).toBe(false);
  });
});
