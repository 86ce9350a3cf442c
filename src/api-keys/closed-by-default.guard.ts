import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { PUBLIC_ROUTE } from '../http';
import { ApiKeyMissingError } from './api-keys.errors';
import { GUARDED_BY_KEY } from './rest-controller.decorator';

/**
 * The service's outer guard: it accepts routes that are marked public, and controllers that the API key guard protects
 * (see RestController). Every other route was forgotten and stays closed; a scope alone protects nothing.
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
