import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Somebody who was erased: late news about them finds this, and nothing is written again. Holds no id that can be read. */
@Entity({ schema: 'terra_connect', name: 'tombstones' })
export class Tombstone {
  /** SHA-256 of what kind of id it is, and of the id. */
  @PrimaryColumn({ type: 'bytea', name: 'digest' })
  digest: Buffer;

  @Column({ type: 'text', name: 'kind' })
  kind: 'end_user' | 'terra_user';

  /** Of an end user: what is newer than this is about somebody who came back. */
  @Column({ type: 'timestamptz', name: 'erased_at' })
  erasedAt: Date;
}
