import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { PUBLIC_ROUTE } from '../http';
import { ApiKeyMissingError } from './api-keys.errors';
import { GUARDED_BY_KEY } from './rest-controller.decorator';

/**
 * The guard for all routes of the service. It accepts routes that are marked public, and controllers that the API key
 * guard protects (see RestController). It rejects every other route: the author forgot the protection, or set only a
 * scope, which has no effect without the API key guard.
 */
@Injectable()
export class ClosedByDefaultGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const [handler, controller] = [context.getHandler(), context.getClass()];
    const open = this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC_ROUTE, [handler, controller]);
    if (open || this.reflector.get<boolean | undefined>(GUARDED_BY_KEY, controller)) return true;
    throw new ApiKeyMissingError();
  }
}
