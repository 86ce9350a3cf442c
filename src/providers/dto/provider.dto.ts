import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { TerraProvider } from '../../terra';

@ApiSchema({ description: 'A data source that this Terra account offers.' })
export class ProviderDto {
  /**
   * The code to ask for in a connect session.
   * @example 'GARMIN'
   */
  provider: string;

  /**
   * What people call it.
   * @example 'Garmin'
   */
  name: string;

  /**
   * Address of a picture, if Terra has one.
   * @example 'https://example.com/icons/garmin.svg'
   */
  icon: string | null;

  /**
   * The kinds of data it gives.
   * @example ['activity', 'daily', 'sleep']
   */
  types: string[];

  static from({ provider, name, icon, types }: TerraProvider): ProviderDto {
    return { provider, name, icon, types };
  }
}

@ApiSchema({ description: 'The whole catalogue; it has one page.' })
export class ProviderPageDto {
  /** In the order of their codes. */
  items: ProviderDto[];

  @ApiProperty({ description: 'Always null.', example: null })
  nextCursor: string | null;

  static from(providers: TerraProvider[]): ProviderPageDto {
    return { items: providers.map((provider) => ProviderDto.from(provider)), nextCursor: null };
  }
}
