import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Clock } from '../common';
import { DataSubjectsService } from '../connections';
import { inTransaction, type ExportSections } from '../database';
import { ErasureRepository } from './erasure.repository';
import { PersonalDataRegistry } from './personal-data.registry';
import { EndUserNotFoundError } from './privacy.errors';

/** Every row about one end user. */
export type EndUserExport = ExportSections & { referenceId: string; exportedAt: Date };

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
    const sections = await inTransaction(this.dataSource, async (manager) => {
      await this.repository.freeze(manager);
      return this.registry.exportRows(manager, await this.subjects.find(manager, referenceId));
    });
    if (Object.values(sections).every((rows) => rows.length === 0)) throw new EndUserNotFoundError();
    return { referenceId, exportedAt: this.clock.now(), ...sections };
  }
}
