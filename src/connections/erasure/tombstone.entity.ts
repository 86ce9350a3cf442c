import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One row per erased id, as a digest. The service drops late events about an id that has a row. */
@Entity({ schema: 'terra_connect', name: 'tombstones', synchronize: false })
export class Tombstone {
  /** SHA-256 of the kind and the id; see `tombstoneDigest`. */
  @PrimaryColumn({ type: 'bytea', name: 'digest' })
  digest: Buffer;

  @Column({ type: 'text', name: 'kind' })
  kind: ErasedKind;

  /** When the id was erased. The service keeps facts about an end user that occurred later: the end user came back. */
  @Column({ type: 'timestamptz', name: 'erased_at' })
  erasedAt: Date;
}

export type ErasedKind = 'end_user' | 'terra_user';
