import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

/**
 * Keeps responses out of caches, because they hold links, tokens and personal data. A guard and not an interceptor: Nest
 * would lead every answer through observables.
 */
@Injectable()
export class NoStoreGuard implements CanActivate {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  canActivate(context: ExecutionContext): boolean {
    const response: unknown = context.switchToHttp().getResponse();
    this.adapterHost.httpAdapter.setHeader(response, 'cache-control', 'no-store');
    return true;
  }
}
