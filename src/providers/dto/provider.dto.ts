import type { TerraProvider } from '../../terra';

/** A data source that this Terra account offers. */
export class ProviderDto {
  /**
   * The code to ask for in a connect session.
   * @example 'GARMIN'
   */
  provider: string;

  /** @example 'Garmin' */
  name: string;

  /**
   * Address of a picture, if Terra has one.
   * @example null
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

/** The whole catalogue; it has one page. */
export class ProviderPageDto {
  /** By code. */
  items: ProviderDto[];

  /** Always null. */
  nextCursor: string | null;

  static from(providers: TerraProvider[]): ProviderPageDto {
    return { items: providers.map((provider) => ProviderDto.from(provider)), nextCursor: null };
  }
}
