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

/** Another process has taken the sweep, because this process did not renew its lease in time. */
export class SweepLeaseLostError extends Error {
  constructor() {
    super('Another process works on this sweep now.');
    this.name = 'SweepLeaseLostError';
  }
}
