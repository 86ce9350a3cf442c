import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { PUBLIC_ROUTE } from '../common';
import { ApiKeyMissingError } from './api-keys.errors';
import { REQUIRED_SCOPE } from './require-scope.decorator';

/**
 * The service's outer guard: a route is either marked public or names the scope it needs. One that does neither was
 * forgotten, and stays shut.
 */
@Injectable()
export class ClosedByDefaultGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const handler = context.getHandler();
    const open = this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC_ROUTE, [
      handler,
      context.getClass(),
    ]);
    if (open || this.reflector.get<string | undefined>(REQUIRED_SCOPE, handler)) return true;
    throw new ApiKeyMissingError();
  }
}
