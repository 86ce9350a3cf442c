import { DomainError } from '../common';

export class SweepNotFoundError extends DomainError {
  constructor(id: string) {
    super('not_found', 'sweep.not_found', `There is no sweep ${id}.`);
  }
}

export class SweepRunningError extends DomainError {
  constructor() {
    super('conflict', 'sweep.running', 'A sweep is running already. Wait until it ends, or read its result.');
  }
}

/** Another process has taken the sweep over, because this one did not renew its lease in time. */
export class SweepLeaseLostError extends Error {
  constructor() {
    super('Another process works on this sweep now.');
    this.name = 'SweepLeaseLostError';
  }
}
