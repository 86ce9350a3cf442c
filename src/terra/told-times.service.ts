import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common';
import { Metrics } from '../observability';
import type { TerraUser } from './terra.types';
import {
  boundsOfAnswer,
  boundTime,
  readOrderingTime,
  type ToldTimeName,
  type ToldTimeProblem,
} from './told-time';

/** Removes implausible times from what Terra tells, and counts and logs them. */
@Injectable()
export class ToldTimesService {
  private readonly logger = new Logger(ToldTimesService.name);

  constructor(
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /** @returns when Terra says the event of a webhook happened; null if it does not say, or no plausible time */
  orderingTime(header: string | string[] | undefined, signedAt: Date): Date | null {
    const { time, problem } = readOrderingTime(header, signedAt);
    if (problem) this.report('ordering_timestamp', problem, 1);
    return time;
  }

  /** Replaces implausible times of listed users by null. The time of the request is then the time of what they prove. */
  ofUsers(users: TerraUser[]): TerraUser[] {
    const bounds = boundsOfAnswer(this.clock.now());
    const problems = new Map<string, { name: ToldTimeName; problem: ToldTimeProblem; count: number }>();
    const bounded = (name: ToldTimeName, told: Date | null): Date | null => {
      const { time, problem } = boundTime(told, bounds);
      if (problem) {
        const key = `${name} ${problem}`;
        problems.set(key, { name, problem, count: (problems.get(key)?.count ?? 0) + 1 });
      }
      return time;
    };
    const plausible = users.map((user) => ({
      ...user,
      createdAt: bounded('created_at', user.createdAt),
      lastWebhookUpdate: bounded('last_webhook_update', user.lastWebhookUpdate),
    }));
    for (const { name, problem, count } of problems.values()) this.report(name, problem, count);
    return plausible;
  }

  private report(name: ToldTimeName, problem: ToldTimeProblem, count: number): void {
    this.metrics.terraTimesRejected.inc({ name, problem }, count);
    this.logger.warn({ event: 'terra.time_rejected', name, problem, count });
  }
}
