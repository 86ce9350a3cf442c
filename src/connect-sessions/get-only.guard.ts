import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ConnectLinkUnknownError } from './connect-sessions.errors';

/** Rejects HEAD: a host's HTTP platform may answer HEAD with the GET route, which would use up a callback nonce. */
@Injectable()
export class GetOnlyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { method } = context.switchToHttp().getRequest<{ method: string }>();
    if (method !== 'GET') throw new ConnectLinkUnknownError();
    return true;
  }
}
