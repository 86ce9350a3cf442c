// Moves the clock of a process two hours ahead. For `node --require`.
const AHEAD_MS = 2 * 3_600_000;
const RealDate = Date;

globalThis.Date = class extends RealDate {
  constructor(...args) {
    super(...(args.length === 0 ? [RealDate.now() + AHEAD_MS] : args));
  }

  static now() {
    return RealDate.now() + AHEAD_MS;
  }
};
