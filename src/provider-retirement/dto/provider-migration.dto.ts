import { ApiSchema } from '@nestjs/swagger';
import { ConnectionDto } from '../../connections';
import { ApiCount, ApiNullableText, ApiProvider, ApiTime, PageOf } from '../../http';
import type { ProviderMigration } from '../provider-migration.service';

@ApiSchema({
  description:
    'How many end users have moved from an ended provider to its successor, and a page of those who have not.',
})
export class ProviderMigrationDto extends PageOf(
  ConnectionDto,
  'The connections in use whose end users have not moved, newest first.',
) {
  @ApiProvider('Code of the provider that ends.')
  provider: string;

  @ApiNullableText('Code of the provider that succeeds it; null if none is known.', 'GOOGLE_HEALTH')
  successor: string | null;

  @ApiTime("When the service retired the provider; null while Terra's catalogue has it.", { nullable: true })
  retiredAt: Date | null;

  @ApiCount('Connections whose end user has connected a successor.', 120)
  moved: number;

  @ApiCount('Connections in use whose end user has not.', 34)
  notMoved: number;

  static override from(migration: ProviderMigration): ProviderMigrationDto {
    const { provider, successor, retiredAt, moved, notMoved } = migration;
    return { ...super.from(migration), provider, successor, retiredAt, moved, notMoved };
  }
}
