import type { CatalogueProvider } from './catalogue-provider.entity';

export interface CatalogueInput {
  /** The providers of the catalogue, by their canonical codes. */
  listed: string[];
  known: CatalogueProvider[];
  /** The providers that have active connections, or connections that need reauthorization. */
  inUse: string[];
  /** When the service asked for the catalogue. */
  askedAt: Date;
  isKnownEnded: (provider: string) => boolean;
}

export type CatalogueJudgement =
  | { plausible: false; objection: 'empty_catalogue' | 'too_many_gone'; gone: string[] }
  | {
      plausible: true;
      /** The rows to write. */
      rows: CatalogueProvider[];
      /** Providers that are gone and have no connections, so that the service need not know them. */
      forgotten: string[];
      retired: string[];
      returned: string[];
    };

// One provider may always be gone at once, and this share of all and of those in use. More at once is a wrong dev-id or a
// broken answer, for example one without the phone-only providers.
const MAX_GONE_SHARE = 0.2;

/**
 * Decides what a catalogue changes. A provider with connections is retired when two plausible catalogues in a row lack it
 * (T-23: one bad answer changes nothing). A provider whose end was announced does not count as unexpectedly gone.
 */
export function judgeCatalogue(input: CatalogueInput): CatalogueJudgement {
  const { known, inUse, askedAt, isKnownEnded } = input;
  const listed = new Set(input.listed);
  const rows = new Map(known.map((row) => [row.provider, row]));
  const expected = new Set([...known.map(({ provider }) => provider), ...inUse]);
  for (const { provider, retiredAt } of known) if (retiredAt) expected.delete(provider);
  const gone = [...expected].filter((provider) => !listed.has(provider)).sort();
  if (listed.size === 0) return { plausible: false, objection: 'empty_catalogue', gone };
  const unexpected = gone.filter((provider) => !isKnownEnded(provider));
  const used = inUse.filter((provider) => expected.has(provider));
  const usedAndGone = unexpected.filter((provider) => used.includes(provider));
  if (exceeds(unexpected, expected.size) || exceeds(usedAndGone, used.length))
    return { plausible: false, objection: 'too_many_gone', gone: unexpected };

  const stillRetired = known.filter(({ provider, retiredAt }) => retiredAt !== null && !listed.has(provider));
  const present = [...listed].map((provider) => seen(rows.get(provider) ?? newRow(provider), askedAt));
  const missing = gone
    .filter((provider) => inUse.includes(provider))
    .map((provider) => notSeen(rows.get(provider) ?? newRow(provider), askedAt));
  return {
    plausible: true,
    // Each check starts a pass over the connections of retired providers, which finds those that came late.
    rows: [...present, ...missing, ...stillRetired].map((row) => ({
      ...row,
      isPassDue: row.retiredAt !== null || row.returnedAt !== null,
    })),
    forgotten: gone.filter((provider) => !inUse.includes(provider)),
    retired: missing.flatMap(({ provider, retiredAt }) => (retiredAt ? [provider] : [])),
    returned: present.flatMap(({ provider, returnedAt }) => (returnedAt === askedAt ? [provider] : [])),
  };
}

function exceeds(gone: string[], of: number): boolean {
  return gone.length > Math.max(1, Math.floor(MAX_GONE_SHARE * of));
}

function seen(row: CatalogueProvider, askedAt: Date): CatalogueProvider {
  const back = row.retiredAt ? { retiredAt: null, returnedAt: askedAt, passAfter: null } : {};
  return { ...row, ...back, seenAt: askedAt, missingSince: null };
}

function notSeen(row: CatalogueProvider, askedAt: Date): CatalogueProvider {
  if (row.missingSince === null) return { ...row, missingSince: askedAt };
  return { ...row, retiredAt: askedAt, returnedAt: null, passAfter: null };
}

function newRow(provider: string): CatalogueProvider {
  return {
    provider,
    seenAt: null,
    missingSince: null,
    retiredAt: null,
    returnedAt: null,
    isPassDue: false,
    passAfter: null,
    liveConnections: 0,
  };
}
