import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Scope } from './scopes';

/** One row per API key of a caller. Only the hash is stored: the key itself is shown once, when it is created. */
@Entity({ schema: 'terra_connect', name: 'api_keys' })
export class ApiKey {
  @PrimaryColumn({ type: 'uuid', name: 'id' })
  id: string;

  @Column({ type: 'text', name: 'name' })
  name: string;

  @Column({ type: 'bytea', name: 'key_hash' })
  keyHash: Buffer;

  /** The first characters of the key, to tell keys apart in a list. */
  @Column({ type: 'text', name: 'hint' })
  hint: string;

  @Column({ type: 'text', name: 'scopes', array: true })
  scopes: Scope[];

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'last_used_at', nullable: true })
  lastUsedAt: Date | null;

  @Column({ type: 'timestamptz', name: 'revoked_at', nullable: true })
  revokedAt: Date | null;
}
