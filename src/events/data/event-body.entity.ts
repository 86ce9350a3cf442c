import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One row per data event whose body a taker still needs. */
@Entity({ schema: 'terra_connect', name: 'event_bodies', synchronize: false })
export class EventBody {
  /** Decides the partition. */
  @PrimaryColumn({ type: 'uuid', name: 'event_id' })
  eventId: string;

  /** null: the event names no Terra user. The body goes when the connection ends (T-24). */
  @Column({ type: 'uuid', name: 'connection_id', nullable: true })
  connectionId: string | null;

  /** The bytes that Terra has signed: JSON in UTF-8. */
  @Column({ type: 'bytea', name: 'body' })
  body: Buffer;

  /** After this time, the body does not leave the service, whoever has not got it. */
  @Column({ type: 'timestamptz', name: 'expires_at' })
  expiresAt: Date;

  /** Whether the body stays until it expires, because a taker fetches it later by itself. */
  @Column({ type: 'boolean', name: 'keeps' })
  keeps: boolean;
}
