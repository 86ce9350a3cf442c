import type { EventMessage } from '../cloud-event';

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * The partition of an end user, from 0 on: FNV-1a (32 bits) over the UTF-8 bytes of the reference id, modulo the number of
 * partitions. Events about no end user have the partition of the empty text. Consumers rely on it, so it never changes.
 */
export function partitionOf(referenceId: string | null, partitions: number): number {
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(referenceId ?? '', 'utf8')) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return (hash >>> 0) % partitions;
}

/** `<prefix>.<partition>.<type>`. The dots of the type make further tokens, so a consumer can name a group of types. */
export function subjectOf(
  { referenceId, type }: Pick<EventMessage, 'referenceId' | 'type'>,
  { prefix, partitions }: { prefix: string; partitions: number },
): string {
  return `${prefix}.${partitionOf(referenceId, partitions)}.${type}`;
}

/** Whether every subject that `inner` matches also matches `outer`. Both may have the wildcards `*` and `>`. */
export function covers(outer: string, inner: string): boolean {
  const [wide, narrow] = [outer.split('.'), inner.split('.')];
  for (const [index, token] of wide.entries()) {
    const other = narrow[index];
    if (other === undefined) return false;
    if (token === '>') return true;
    if (other === '>' || (token !== '*' && token !== other)) return false;
  }
  return wide.length === narrow.length;
}
