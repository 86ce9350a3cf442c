/** How health data passes through the service, if a taker asks for it. */
export class DataOptions {
  /** How many hours at most the service keeps the body of a data event. */
  retentionHours: number;
}

export const DATA_DEFAULTS: DataOptions = { retentionHours: 72 };

export const MAX_DATA_HOURS = 720;
