import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Clock } from '../common';
import { DataSubjectsService } from '../connections';
import { inTransaction, type ExportedRow } from '../database';
import { ErasureRepository } from './erasure.repository';
import { PersonalDataRegistry } from './personal-data.registry';
import { EndUserNotFoundError } from './privacy.errors';

/** The sections of an export; each holds the rows of one table, oldest first. */
const EXPORT_SECTIONS = [
  'connections',
  'identities',
  'facts',
  'connectSessions',
  'webhookEvents',
  'deauthentications',
  'sweepFindings',
  'erasures',
] as const;

/** Every row about one end user. */
export type EndUserExport = Record<(typeof EXPORT_SECTIONS)[number], ExportedRow[]> & {
  referenceId: string;
  exportedAt: Date;
};

/** Exports everything that is stored about one end user, as of one moment. */
@Injectable()
export class ExportService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly repository: ErasureRepository,
    private readonly subjects: DataSubjectsService,
    private readonly registry: PersonalDataRegistry,
    private readonly clock: Clock,
  ) {}

  /** @throws EndUserNotFoundError when nothing is stored */
  async export(referenceId: string): Promise<EndUserExport> {
    const rows = await inTransaction(this.dataSource, async (manager) => {
      await this.repository.freeze(manager);
      return this.registry.exportRows(manager, await this.subjects.find(manager, referenceId));
    });
    const sections = EXPORT_SECTIONS.map((section) => [section, rows[section] ?? []] as const);
    if (sections.every(([, found]) => found.length === 0)) throw new EndUserNotFoundError();
    return {
      referenceId,
      exportedAt: this.clock.now(),
      ...(Object.fromEntries(sections) as Record<(typeof EXPORT_SECTIONS)[number], ExportedRow[]>),
    };
  }
}
