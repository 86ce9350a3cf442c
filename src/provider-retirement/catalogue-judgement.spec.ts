import { judgeCatalogue, type CatalogueInput, type CatalogueJudgement } from './catalogue-judgement';
import type { CatalogueProvider } from './catalogue-provider.entity';

const CATALOGUE = ['GARMIN', 'GOOGLE_HEALTH', 'OURA', 'POLAR', 'WHOOP'];
const hour = (hours: number): Date => new Date(Date.UTC(2026, 10, 24, hours));

/** Judges one catalogue after another, an hour apart, as the worker does. */
function judgeInTurn(
  catalogues: string[][],
  { inUse = [], ended = [] }: { inUse?: string[]; ended?: string[] } = {},
): { rows: Map<string, CatalogueProvider>; judgements: CatalogueJudgement[] } {
  const rows = new Map<string, CatalogueProvider>();
  const judgements = catalogues.map((listed, index) => {
    const input: CatalogueInput = {
      listed,
      inUse,
      known: [...rows.values()],
      askedAt: hour(index),
      isKnownEnded: (provider) => ended.includes(provider),
    };
    const judgement = judgeCatalogue(input);
    if (judgement.plausible) {
      for (const row of judgement.rows) rows.set(row.provider, row);
      for (const provider of judgement.forgotten) rows.delete(provider);
    }
    return judgement;
  });
  return { rows, judgements };
}
const without = (...gone: string[]): string[] => CATALOGUE.filter((code) => !gone.includes(code));
const retired = ({ rows }: ReturnType<typeof judgeInTurn>): string[] =>
  [...rows.values()].filter(({ retiredAt }) => retiredAt).map(({ provider }) => provider);

describe('A catalogue', () => {
  it('retires a provider in use only when two in a row lack it', () => {
    const inUse = ['OURA', 'GARMIN'];
    expect(retired(judgeInTurn([CATALOGUE, without('OURA')], { inUse }))).toEqual([]);
    expect(retired(judgeInTurn([CATALOGUE, without('OURA'), CATALOGUE, without('OURA')], { inUse }))).toEqual(
      [],
    );
    const judged = judgeInTurn([CATALOGUE, without('OURA'), without('OURA'), without('OURA')], { inUse });
    expect(judged.rows.get('OURA')).toMatchObject({ retiredAt: hour(2), seenAt: hour(0), isPassDue: true });
    // Reported once.
    expect(judged.judgements.map((one) => one.plausible && one.retired)).toEqual([[], [], ['OURA'], []]);
  });

  it('retires a provider that was gone before the service first read a catalogue', () => {
    expect(retired(judgeInTurn([CATALOGUE, CATALOGUE], { inUse: ['FITBIT', 'GARMIN'] }))).toEqual(['FITBIT']);
  });

  it('retires no provider without connections', () => {
    const judged = judgeInTurn([CATALOGUE, without('OURA'), without('OURA')]);
    expect(retired(judged)).toEqual([]);
    expect(judged.rows.has('OURA')).toBe(false);
  });

  it('T-23: changes nothing when it is empty, however often', () => {
    const judged = judgeInTurn([CATALOGUE, [], [], []], { inUse: ['OURA'] });
    expect(retired(judged)).toEqual([]);
    expect(judged.judgements.at(-1)).toMatchObject({ plausible: false, objection: 'empty_catalogue' });
    expect(judged.rows.get('OURA')?.missingSince).toBeNull();
  });

  it('T-23: changes nothing when too many providers are gone at once', () => {
    const half = without('OURA', 'POLAR', 'WHOOP');
    const judged = judgeInTurn([CATALOGUE, half, half, half], { inUse: ['OURA'] });
    expect(retired(judged)).toEqual([]);
    expect(judged.judgements.at(-1)).toEqual({
      plausible: false,
      objection: 'too_many_gone',
      gone: ['OURA', 'POLAR', 'WHOOP'],
    });
  });

  it('T-23: changes nothing when too many of the providers in use are gone, however long the catalogue is', () => {
    const long = [...CATALOGUE, ...Array.from({ length: 40 }, (_, index) => `P${index}`)];
    const phones = ['APPLE', 'SAMSUNG'];
    const judged = judgeInTurn([[...long, ...phones], long, long], { inUse: [...phones, 'GARMIN'] });
    expect(retired(judged)).toEqual([]);
    expect(judged.judgements.at(-1)).toMatchObject({ objection: 'too_many_gone', gone: phones });
  });

  it('retires several providers at once when their ends were announced', () => {
    const gone = ['FITBIT', 'GOOGLE'];
    const judged = judgeInTurn([[...CATALOGUE, ...gone], CATALOGUE, CATALOGUE], { inUse: gone, ended: gone });
    expect(retired(judged)).toEqual(gone);
  });

  it('an implausible catalogue between two that lack the provider does not matter', () => {
    const judged = judgeInTurn([CATALOGUE, without('OURA'), [], without('OURA')], {
      inUse: ['OURA', 'GARMIN'],
    });
    expect(retired(judged)).toEqual(['OURA']);
  });

  it('that has a retired provider again returns it', () => {
    const gone = without('OURA');
    const judged = judgeInTurn([CATALOGUE, gone, gone, CATALOGUE, CATALOGUE], { inUse: ['OURA', 'GARMIN'] });
    expect(judged.rows.get('OURA')).toMatchObject({ retiredAt: null, returnedAt: hour(3), isPassDue: true });
    expect(judged.judgements.map((one) => one.plausible && one.returned)).toEqual([[], [], [], ['OURA'], []]);
  });
});
