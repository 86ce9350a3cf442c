import { Injectable, Logger } from '@nestjs/common';
import { Clock, DomainError } from '../common';
import { ProviderOptions } from '../config';
import { ProviderConnectionsRepository } from '../connections';
import { ProviderSuccessors } from '../providers';
import { TerraClient } from '../terra';
import { judgeCatalogue, type CatalogueJudgement } from './catalogue-judgement';
import { CatalogueRepository } from './catalogue.repository';

const MINUTE_MS = 60_000;
// Longer than a check takes if Terra uses up every deadline. If this process dies, another one checks after that time.
const LEASE_MS = 5 * MINUTE_MS;

/** Reads Terra's catalogue about hourly, and retires the providers that left it. */
@Injectable()
export class CatalogueCheckService {
  private readonly logger = new Logger(CatalogueCheckService.name);

  constructor(
    private readonly terra: TerraClient,
    private readonly repository: CatalogueRepository,
    private readonly connections: ProviderConnectionsRepository,
    private readonly successors: ProviderSuccessors,
    private readonly options: ProviderOptions,
    private readonly clock: Clock,
  ) {}

  /** Checks the catalogue if it is due. A catalogue that cannot be read changes nothing. */
  async runIfDue(): Promise<void> {
    if (!this.terra.isAvailable()) return;
    const askedAt = this.clock.now();
    if (!(await this.repository.takeCheck(askedAt, new Date(askedAt.getTime() + LEASE_MS)))) return;
    const listed = await this.read();
    if (listed) await this.apply(listed, askedAt);
    await this.repository.postpone(new Date(askedAt.getTime() + this.options.checkMinutes * MINUTE_MS));
  }

  private async read(): Promise<string[] | null> {
    try {
      return (await this.terra.listProviders()).map(({ provider }) => provider);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      this.logger.warn({ event: 'catalogue.unavailable', error: error.code });
      return null;
    }
  }

  private async apply(listed: string[], askedAt: Date): Promise<void> {
    const judgement = judgeCatalogue({
      listed,
      known: await this.repository.list(),
      inUse: await this.connections.providersInUse(),
      askedAt,
      isKnownEnded: (provider) => this.successors.isKnownEnded(provider, askedAt),
    });
    if (!judgement.plausible) {
      await this.repository.hold(askedAt);
      this.reportHeld(listed, judgement);
      return;
    }
    const { rows, forgotten, retired, returned } = judgement;
    await this.repository.recordCheck(rows, forgotten, askedAt);
    for (const provider of retired) {
      const successor = this.successors.successorOf(provider);
      this.logger.warn({ event: 'provider.retired', provider, successor });
    }
    for (const provider of returned) this.logger.log({ event: 'provider.returned', provider });
  }

  private reportHeld(
    listed: string[],
    { objection, gone }: Extract<CatalogueJudgement, { plausible: false }>,
  ): void {
    this.logger.error({
      event: 'catalogue.held',
      objection,
      listed: listed.length,
      gone: gone.slice(0, 20).join(','),
      advice:
        'No provider was retired. Check TERRA_DEV_ID and the sources on the Terra dashboard. If these providers have ' +
        'really ended, name them in PROVIDER_SUCCESSORS.',
    });
  }
}
