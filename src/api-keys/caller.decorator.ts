import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { AuthenticatedRequest } from './api-key.guard';
import type { Caller } from './api-keys.service';

/** The caller that the API key guard has authenticated. */
export function callerOf(context: ExecutionContext): Caller {
  const { caller } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  if (!caller) throw new Error('The API key guard does not protect this route, so the caller is unknown.');
  return caller;
}

/** Injects the caller that the API key guard has authenticated. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller =>
  callerOf(context),
);
