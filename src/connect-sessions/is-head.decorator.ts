import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/**
 * Whether the request is HEAD. HTTP platforms answer HEAD with the GET route, so a route with an effect must ask:
 * chat programs, mail scanners and proxies send HEAD first, and it must not use up a callback nonce.
 */
export const IsHead = createParamDecorator(
  (_: unknown, context: ExecutionContext): boolean =>
    context.switchToHttp().getRequest<{ method: string }>().method === 'HEAD',
);
