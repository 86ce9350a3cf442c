import { Injectable } from '@nestjs/common';
import { Clock } from '../common';
import { ReconciliationOptions } from '../config';
import { PublicUrls } from '../http';
import { ProviderSuccessors } from '../providers';
import { conclude, type Conclusions } from './conclusions';
import { dataLayoutOf, type DataLayout } from './data-layout';
import type { DiagnosisInput, DiagnosisRecords } from './diagnosis-input';
import { DiagnosisRecordsService } from './diagnosis-records.service';
import { isAtWidget, openQuestion } from './session-conclusions';
import { TerraViewService, type TerraQuestion } from './terra-view.service';

export interface Diagnosis extends Conclusions {
  input: DiagnosisInput;
  data: DataLayout;
}

/** Diagnoses why an end user is not connected. It only reads. */
@Injectable()
export class DiagnosisService {
  constructor(
    private readonly records: DiagnosisRecordsService,
    private readonly terra: TerraViewService,
    private readonly clock: Clock,
    private readonly options: ReconciliationOptions,
    private readonly urls: PublicUrls,
    private readonly successors: ProviderSuccessors,
  ) {}

  /** @param options `askTerra: false` for a caller without Terra's credentials */
  async diagnose(referenceId: string, { askTerra = true } = {}): Promise<Diagnosis> {
    const records = await this.records.read(referenceId);
    const terra = askTerra
      ? await this.terra.view(referenceId, questionAbout(records))
      : { answered: false as const, cause: 'not_asked' };
    const { quietAfterHours } = this.options;
    const webhookPath = this.urls.webhookPath();
    const successors = this.successorsFor(records);
    const input = { ...records, terra, now: this.clock.now(), quietAfterHours, successors, webhookPath };
    return { input, data: dataLayoutOf(input), ...conclude(input) };
  }

  private successorsFor({ connections }: DiagnosisRecords): Record<string, string> {
    const pairs = connections.flatMap(({ connection: { provider } }) => {
      const successor = this.successors.successorOf(provider);
      return successor === null ? [] : [[provider, successor] as const];
    });
    return Object.fromEntries(pairs);
  }
}

function questionAbout(records: DiagnosisRecords): TerraQuestion {
  const live = records.connections.filter(
    ({ connection: { status } }) => status === 'active' || status === 'needs_reauth',
  );
  return {
    expected: live.map(({ connection }) => connection.terraUserId),
    countUsers: isAtWidget(openQuestion(records)),
  };
}
