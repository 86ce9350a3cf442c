import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The only row: when the next check of the catalogue is due, and what the last one found. */
@Entity({ schema: 'terra_connect', name: 'catalogue_checks', synchronize: false })
export class CatalogueCheck {
  @PrimaryColumn({ type: 'smallint', name: 'id' })
  id: number;

  /** Also the lease of the process that reads the catalogue: it moves the time before it asks Terra. */
  @Column({ type: 'timestamptz', name: 'due_at' })
  dueAt: Date;

  /** When the service last read a plausible catalogue. */
  @Column({ type: 'timestamptz', name: 'checked_at', nullable: true })
  checkedAt: Date | null;

  /** Since when the catalogues are not plausible, so that they retire no provider; null while they are plausible. */
  @Column({ type: 'timestamptz', name: 'held_since', nullable: true })
  heldSince: Date | null;
}
