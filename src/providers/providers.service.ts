import { Injectable, Logger } from '@nestjs/common';
import { Clock, withinDeadline } from '../common';
import { TerraClient, type TerraProvider } from '../terra';
import { ProviderSuccessors } from './provider-successors';
import { ProviderUnknownError } from './providers.errors';

// An operator enables providers on Terra's dashboard, only a few times a year.
const FRESH_MS = 10 * 60_000;
// After a failure the service uses the old list, and asks Terra again after this time.
const RETRY_MS = 30_000;
// A page for a browser waits for a name only this long.
const NAME_DEADLINE_MS = 1_000;

/** The provider catalogue of this Terra account, cached for ten minutes. */
@Injectable()
export class ProvidersService {
  private readonly logger = new Logger(ProvidersService.name);
  private catalogue: TerraProvider[] | null = null;
  private askAgainAt = 0;
  private asking: Promise<TerraProvider[]> | null = null;
  private lastFailure: unknown = null;

  constructor(
    private readonly terra: TerraClient,
    private readonly successors: ProviderSuccessors,
    private readonly clock: Clock,
  ) {}

  /** @throws the Terra error when the service has never read a catalogue */
  async list(): Promise<TerraProvider[]> {
    if (this.clock.now().getTime() >= this.askAgainAt) {
      // Concurrent callers share one request.
      this.asking ??= this.ask().finally(() => (this.asking = null));
      await this.asking.catch(() => undefined);
    }
    if (this.catalogue) return this.catalogue;
    throw this.lastFailure;
  }

  /**
   * Returns the codes that Terra's catalogue uses for these providers, for a request to Terra. If the service cannot read
   * the catalogue it returns the same codes, and Terra decides.
   *
   * @param codes canonical provider codes
   * @throws ProviderUnknownError when this Terra account does not offer one of them
   */
  async terraCodesOf(codes: string[]): Promise<string[]> {
    if (codes.length === 0) return [];
    const catalogue = await this.list().catch(() => []);
    if (catalogue.length === 0) return codes;
    const offered = new Map(catalogue.map(({ provider, terraCode }) => [provider, terraCode]));
    const unknown = codes.filter((code) => !offered.has(code));
    if (unknown.length > 0) throw new ProviderUnknownError(unknown, [...offered.keys()].sort());
    return codes.map((code) => offered.get(code) ?? code);
  }

  /** The display name of a provider, or its code if the service cannot read the catalogue soon. */
  async nameOf(code: string): Promise<string> {
    const catalogue = await withinDeadline(
      this.list().catch(() => []),
      NAME_DEADLINE_MS,
      [],
    );
    return catalogue.find(({ provider }) => provider === code)?.name ?? code;
  }

  /**
   * The providers at which an end user may reconnect a connection: its own, then those that succeed it. `preferred` is the
   * first of them that the catalogue has, and its own if the service cannot read the catalogue.
   */
  async reconnectChoices(provider: string): Promise<{ allowed: string[]; preferred: string }> {
    const allowed = [provider, ...this.successors.successorsOf(provider)];
    if (allowed.length === 1) return { allowed, preferred: provider };
    const catalogue = await this.list().catch(() => []);
    const offered = allowed.find((code) => catalogue.some((entry) => entry.provider === code));
    return { allowed, preferred: offered ?? provider };
  }

  private async ask(): Promise<TerraProvider[]> {
    try {
      this.catalogue = await this.terra.listProviders();
      this.askAgainAt = this.clock.now().getTime() + FRESH_MS;
      return this.catalogue;
    } catch (error) {
      this.lastFailure = error;
      this.askAgainAt = this.clock.now().getTime() + RETRY_MS;
      this.logger.warn({ event: 'providers.catalogue_unavailable', error: (error as Error).name });
      throw error;
    }
  }
}
