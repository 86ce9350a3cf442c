import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The one row that says which positions the log of outgoing events has. Its lock puts the sequencers in turn. */
@Entity({ schema: 'terra_connect', name: 'event_log', synchronize: false })
export class EventLogState {
  /** Always true. */
  @PrimaryColumn({ type: 'boolean', name: 'id' })
  id: boolean;

  /** The position of the newest event that has one. */
  @Column({ type: 'bigint', name: 'last_position' })
  lastPosition: string;

  /** The events up to this position may be gone. */
  @Column({ type: 'bigint', name: 'horizon' })
  horizon: string;
}
