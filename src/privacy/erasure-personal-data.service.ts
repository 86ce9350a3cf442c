import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import {
  exportedFields,
  type DataSubject,
  type ExportSections,
  type ExportPolicy,
  type PersonalData,
} from '../database';
import { Erasure } from './erasure.entity';
import { ErasureRepository } from './erasure.repository';

const ERASURE_EXPORT: ExportPolicy<Erasure> = {
  id: 'exported',
  referenceId: 'own_reference',
  referenceDigest: 'internal',
  status: 'exported',
  actor: 'exported',
  requestedAt: 'exported',
  completedAt: 'exported',
  counts: 'exported',
  confirmations: 'exported',
};

/** The personal data in the erasures. */
@Injectable()
export class ErasurePersonalData implements PersonalData {
  readonly entities = [Erasure];

  constructor(private readonly repository: ErasureRepository) {}

  async exportRows(manager: EntityManager, subject: DataSubject): Promise<Partial<ExportSections>> {
    const erasures = await this.repository.listOf(manager, subject.referenceId);
    return { erasures: erasures.map((erasure) => exportedFields(erasure, ERASURE_EXPORT, subject)) };
  }

  /** The receipt stays. The completion of the erasure removes the reference id from it. */
  erase(): Promise<Record<string, number>> {
    return Promise.resolve({});
  }
}
