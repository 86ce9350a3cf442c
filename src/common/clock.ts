import { Injectable } from '@nestjs/common';

/**
 * The current time, injected so that tests can move it. It follows the clock of Postgres (`ClockSynchronizer`), because
 * processes compare each other's times: a process whose own clock is ahead would store due times that the others reach
 * hours later.
 */
@Injectable()
export class Clock {
  private offsetMs = 0;

  now(): Date {
    return new Date(Date.now() + this.offsetMs);
  }

  /**
   * Corrects the clock by a time that another clock showed at some moment between `askedAt` and `answeredAt`, which are
   * times of this process's own clock. The moment is not known better than that, so a slow answer does not make a good
   * clock worse: the offset changes only as far as the answer proves.
   *
   * @returns by how much the clock was corrected, in milliseconds
   */
  follow(otherMs: number, askedAt: number, answeredAt: number): number {
    const before = this.offsetMs;
    this.offsetMs = Math.min(Math.max(before, otherMs - answeredAt), otherMs - askedAt);
    return this.offsetMs - before;
  }
}
