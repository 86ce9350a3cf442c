import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One row per connection that a session led to; several with `multiAuth`. */
@Entity({ schema: 'terra_connect', name: 'connect_session_connections', synchronize: false })
export class ConnectSessionConnection {
  @PrimaryColumn({ type: 'uuid', name: 'session_id' })
  sessionId: string;

  @PrimaryColumn({ type: 'uuid', name: 'connection_id' })
  connectionId: string;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;
}
