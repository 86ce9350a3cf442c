import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * One row per key of a stored delivery, see `receipt-keys.ts`. The rows outlive the changes that processing and erasures
 * make to `webhook_events`, and recognise a delivery that comes again.
 */
@Entity({ schema: 'terra_connect', name: 'webhook_receipts', synchronize: false })
export class WebhookReceipt {
  @PrimaryColumn({ type: 'bytea', name: 'digest' })
  digest: Buffer;

  @Column({ type: 'timestamptz', name: 'received_at' })
  receivedAt: Date;
}
