import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One row per erased id, as a digest: late events about it find the row, and nothing is stored again. */
@Entity({ schema: 'terra_connect', name: 'tombstones' })
export class Tombstone {
  /** SHA-256 of the kind and the id; see `tombstoneDigest`. */
  @PrimaryColumn({ type: 'bytea', name: 'digest' })
  digest: Buffer;

  @Column({ type: 'text', name: 'kind' })
  kind: ErasedKind;

  /** Of an end user: facts that occurred later are about an end user who came back. */
  @Column({ type: 'timestamptz', name: 'erased_at' })
  erasedAt: Date;
}

export type ErasedKind = 'end_user' | 'terra_user';
