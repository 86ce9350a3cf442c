import { ApiSchema } from '@nestjs/swagger';
import { ApiProvider, PageOf } from '../../http';
import type { TerraProvider } from '../../terra';

@ApiSchema({ description: 'A provider that is enabled for this Terra account.' })
export class ProviderDto {
  @ApiProvider('Code of the provider, for a connect session.')
  provider: string;

  /**
   * Name of the provider, for display.
   * @example 'Garmin'
   */
  name: string;

  /**
   * URL of an icon; null if Terra has none.
   * @example 'https://example.com/icons/garmin.svg'
   */
  icon: string | null;

  /**
   * Kinds of data that the provider supplies.
   * @example ['activity', 'daily', 'sleep']
   */
  types: string[];

  static from({ provider, name, icon, types }: TerraProvider): ProviderDto {
    return { provider, name, icon, types };
  }
}

@ApiSchema({ description: 'All providers. There is only one page, so `nextCursor` is always null.' })
export class ProviderPageDto extends PageOf(ProviderDto, 'Ordered by code.') {}
