import { Injectable } from '@nestjs/common';
import { Clock, DomainError } from '../common';
import { ReconciliationOptions } from '../config';
import { PublicUrls } from '../http';
import { ProviderSuccessors } from '../providers';
import { TerraClient } from '../terra';
import { conclude, type Conclusions } from './conclusions';
import type { DiagnosisInput, DiagnosisRecords, TerraView } from './diagnosis-input';
import { DiagnosisRecordsService } from './diagnosis-records.service';

const TERRA_DEADLINE_MS = 4_000;

export interface Diagnosis extends Conclusions {
  input: DiagnosisInput;
}

/** Diagnoses why an end user is not connected. It only reads. */
@Injectable()
export class DiagnosisService {
  constructor(
    private readonly records: DiagnosisRecordsService,
    private readonly terra: TerraClient,
    private readonly clock: Clock,
    private readonly options: ReconciliationOptions,
    private readonly urls: PublicUrls,
    private readonly successors: ProviderSuccessors,
  ) {}

  /** @param options `askTerra: false` for a caller without Terra's credentials */
  async diagnose(referenceId: string, { askTerra = true } = {}): Promise<Diagnosis> {
    const [terra, records] = await Promise.all([
      askTerra ? this.viewOfTerra(referenceId) : { answered: false as const, cause: 'not_asked' },
      this.records.read(referenceId),
    ]);
    const { quietAfterHours } = this.options;
    const webhookPath = this.urls.webhookPath();
    const successors = this.successorsFor(records);
    const input = { ...records, terra, now: this.clock.now(), quietAfterHours, successors, webhookPath };
    return { input, ...conclude(input) };
  }

  private successorsFor({ connections }: DiagnosisRecords): Record<string, string> {
    const pairs = connections.flatMap(({ connection: { provider } }) => {
      const successor = this.successors.successorOf(provider);
      return successor === null ? [] : [[provider, successor] as const];
    });
    return Object.fromEntries(pairs);
  }

  /** If Terra does not answer, the diagnosis says so and does not fail. */
  private async viewOfTerra(referenceId: string): Promise<TerraView> {
    try {
      const users = await this.terra.listUsersOf(referenceId, TERRA_DEADLINE_MS);
      return { answered: true, users: users ?? [] };
    } catch (error) {
      if (error instanceof DomainError) return { answered: false, cause: error.code };
      throw error;
    }
  }
}
