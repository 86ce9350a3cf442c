import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Scope } from './scopes';

/** One row per API key of a caller. It has only the hash: the service shows the key itself once, when it creates it. */
@Entity({ schema: 'terra_connect', name: 'api_keys', synchronize: false })
export class ApiKey {
  @PrimaryColumn({ type: 'uuid', name: 'id' })
  id: string;

  @Column({ type: 'text', name: 'name' })
  name: string;

  @Column({ type: 'bytea', name: 'key_hash' })
  keyHash: Buffer;

  /** The first characters of the key, by which an operator recognises it in a list. */
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
