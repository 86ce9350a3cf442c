import { CreateConnectTables1795400000000 } from './1795400000000-create-connect-tables';
import { AddConnectionFacts1795500000000 } from './1795500000000-add-connection-facts';
import { CreateSweeps1795500100000 } from './1795500100000-create-sweeps';
import { AddSessionChecks1795500150000 } from './1795500150000-add-session-checks';
import { AddWebhookReplay1795500200000 } from './1795500200000-add-webhook-replay';
import { AddErasures1795500300000 } from './1795500300000-add-erasures';
import { RenameToDomainWords1795600000000 } from './1795600000000-rename-to-domain-words';
import { AddProvisionalConnections1795700100000 } from './1795700100000-add-provisional-connections';
import { AddInactiveSince1795700200000 } from './1795700200000-add-inactive-since';
import { OneCodePerProvider1795700300000 } from './1795700300000-one-code-per-provider';
import { AddProviderRetirement1795700310000 } from './1795700310000-add-provider-retirement';
import { AddProviderSuccession1795700320000 } from './1795700320000-add-provider-succession';
import { AddWidgetOptions1795700400000 } from './1795700400000-add-widget-options';
import { AddSessionRenewals1795700410000 } from './1795700410000-add-session-renewals';
import { AddWebhookReceipts1795700500000 } from './1795700500000-add-webhook-receipts';
import { RemoveImplausibleTimes1795700500010 } from './1795700500010-remove-implausible-times';
import { AddSweepAdoption1795700500020 } from './1795700500020-add-sweep-adoption';
import { AddWebhookLanes1795700600000 } from './1795700600000-add-webhook-lanes';
import { AddDecidingFacts1795700600010 } from './1795700600010-add-deciding-facts';
import { AddScopeDigests1795700600020 } from './1795700600020-add-scope-digests';
import { PartitionWebhookEvents1795700610000 } from './1795700610000-partition-webhook-events';
import { AddOutgoingEvents1795700700000 } from './1795700700000-add-outgoing-events';
import { AddEventDeliveries1795700720000 } from './1795700720000-add-event-deliveries';
import { AddEventRelays1795700725000 } from './1795700725000-add-event-relays';
import { AddEventBodies1795700730000 } from './1795700730000-add-event-bodies';
import { AddConnectionChanges1795700740000 } from './1795700740000-add-connection-changes';

export { SteppedMigration, type MigrationStep } from './stepped-migration';

/** Every migration, oldest first. The list has classes instead of a glob, so that a host can add them to its list. */
export const MIGRATIONS = [
  CreateConnectTables1795400000000,
  AddConnectionFacts1795500000000,
  CreateSweeps1795500100000,
  AddSessionChecks1795500150000,
  AddWebhookReplay1795500200000,
  AddErasures1795500300000,
  RenameToDomainWords1795600000000,
  AddProvisionalConnections1795700100000,
  AddInactiveSince1795700200000,
  OneCodePerProvider1795700300000,
  AddProviderRetirement1795700310000,
  AddProviderSuccession1795700320000,
  AddWidgetOptions1795700400000,
  AddSessionRenewals1795700410000,
  AddWebhookReceipts1795700500000,
  RemoveImplausibleTimes1795700500010,
  AddSweepAdoption1795700500020,
  AddWebhookLanes1795700600000,
  AddDecidingFacts1795700600010,
  AddScopeDigests1795700600020,
  PartitionWebhookEvents1795700610000,
  AddOutgoingEvents1795700700000,
  AddEventDeliveries1795700720000,
  AddEventRelays1795700725000,
  AddEventBodies1795700730000,
  AddConnectionChanges1795700740000,
];
