/** An end user at a provider. The reducer computes all connections of a key together. */
export interface ConnectionKey {
  referenceId: string;
  provider: string;
}

export function isSameKey(a: ConnectionKey | null, b: ConnectionKey): boolean {
  return a?.referenceId === b.referenceId && a.provider === b.provider;
}

/** The key as text, for a map or a set. */
export function textOfKey({ referenceId, provider }: ConnectionKey): string {
  return JSON.stringify([referenceId, provider]);
}

/** Each key once. */
export function distinctKeys(keys: (ConnectionKey | null)[]): ConnectionKey[] {
  return [...new Map(keys.flatMap((key) => (key ? [[textOfKey(key), key] as const] : []))).values()];
}

/** The keys as two columns of a statement's parameters. */
export function columnsOfKeys(keys: ConnectionKey[]): [references: string[], providers: string[]] {
  return [keys.map(({ referenceId }) => referenceId), keys.map(({ provider }) => provider)];
}
