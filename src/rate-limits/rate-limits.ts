import { Injectable, Module } from '@nestjs/common';
import { Clock, RateLimiter } from '../common';
import { RateLimitOptions } from '../config';

/**
 * The limits of this process, by what they protect. Each process counts by itself, so N processes accept up to N times as
 * much. Only the sessions of an end user are counted in Postgres, over all processes; see `connect-session.repository.ts`.
 */
@Injectable()
export class RateLimits {
  /** Sessions and SDK tokens that an API key creates. */
  readonly client: RateLimiter;
  /** SDK tokens for one end user. Its policy also applies to sessions. */
  readonly endUser: RateLimiter;
  /** Requests of one address to the browser's routes. */
  readonly address: RateLimiter;
  /** Requests of one address with an API key that is unknown or revoked. */
  readonly refusedKeys: RateLimiter;
  /** Webhooks of one address whose signature is rejected. */
  readonly refusedWebhooks: RateLimiter;

  constructor(options: RateLimitOptions, clock: Clock) {
    const limiter = (name: string, quota: number, windowSeconds: number, exceeded: string): RateLimiter =>
      new RateLimiter({ name, quota, windowSeconds, exceeded }, () => clock.now().getTime());
    this.client = limiter(
      'client',
      options.clientPerMinute,
      60,
      'This API key has created too many sessions and SDK tokens.',
    );
    this.endUser = limiter(
      'end-user',
      options.endUserPerHour,
      3_600,
      'Too many sessions or SDK tokens were created for this end user.',
    );
    this.address = limiter(
      'address',
      options.addressPerMinute,
      60,
      'Too many requests came from this address.',
    );
    this.refusedKeys = limiter(
      'refused-keys',
      options.refusedKeysPerMinute,
      60,
      'Too many requests with an unknown API key came from this address.',
    );
    this.refusedWebhooks = limiter(
      'refused-webhooks',
      options.refusedWebhooksPerMinute,
      60,
      'Too many webhooks with a wrong signature came from this address.',
    );
  }
}

@Module({ providers: [RateLimits], exports: [RateLimits] })
export class RateLimitsModule {}
