import {
  applyDecorators,
  Injectable,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApiExtension } from '@nestjs/swagger';
import { callerOf } from '../api-keys';
import { ApiProblems, rateLimitHeaders } from '../http';
import { RateLimits } from '../rate-limits';

/**
 * T-21: limits how many sessions and SDK tokens an API key creates, and tells the caller what is left of its quota. It runs
 * after the API key guard, which is on the controller.
 */
@Injectable()
class ClientLimitGuard implements CanActivate {
  constructor(
    private readonly limits: RateLimits,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const state = this.limits.client.take(callerOf(context).apiKeyId);
    if (!state) return true;
    const response: unknown = context.switchToHttp().getResponse();
    for (const [name, value] of Object.entries(rateLimitHeaders(state)))
      this.adapterHost.httpAdapter.setHeader(response, name, value);
    return true;
  }
}

/** For routes that create something at Terra for one end user: limits the client, and documents both limits. */
export const LimitedCreation = (): MethodDecorator =>
  applyDecorators(
    UseGuards(ClientLimitGuard),
    ApiExtension('x-rate-limited', true),
    ApiProblems({
      429: {
        'rate_limit.exceeded': {
          when: 'The quota of your API key, of the end user, or of your address for unknown API keys is used up. `limit` names it (`client`, `end-user`, `refused-keys`). Wait for the seconds in Retry-After, then retry.',
          members: { limit: 'end-user' },
        },
      },
    }),
  );
