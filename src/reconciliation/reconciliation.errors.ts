import { DomainError } from '../common';

export class SweepNotFoundError extends DomainError {
  constructor(id: string) {
    super('not_found', 'sweep.not_found', `There is no sweep ${id}.`);
  }
}

export class SweepRunningError extends DomainError {
  constructor() {
    super('conflict', 'sweep.running', 'Another sweep is running. Wait until it has finished, then retry.');
  }
}

export class SweepReportMissingError extends DomainError {
  constructor() {
    super(
      'conflict',
      'sweep.report_missing',
      'No sweep of the last 24 hours shows what would be adopted. Start a sweep with dryRun and adopt, read its findings, ' +
        'then repeat this request.',
    );
  }
}

/** Another process has taken the sweep, because this process did not renew its lease in time. */
export class SweepLeaseLostError extends Error {
  constructor() {
    super('Another process works on this sweep now.');
    this.name = 'SweepLeaseLostError';
  }
}
