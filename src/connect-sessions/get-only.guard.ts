import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ConnectLinkUnknownError } from './connect-sessions.errors';

/** A host's platform may answer HEAD with the GET route, which would spend a return nonce without anybody coming back. */
@Injectable()
export class GetOnlyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { method } = context.switchToHttp().getRequest<{ method: string }>();
    if (method !== 'GET') throw new ConnectLinkUnknownError();
    return true;
  }
}
