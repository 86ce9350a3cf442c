import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { sha256 } from '../common';
import { clientAddressOf, type AddressedRequest } from '../http';
import { ApiKeyMissingError, ScopeMissingError } from './api-keys.errors';
import { ApiKeysService, type Caller } from './api-keys.service';
import { RefusedKeyLimit } from './refused-key.limit';
import { REQUIRED_SCOPE } from './require-scope.decorator';
import type { Scope } from './scopes';

export interface AuthenticatedRequest extends AddressedRequest {
  headers: Record<string, string | string[] | undefined>;
  caller?: Caller;
}

/** Accepts a request whose API key is active and has the route's scope. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly apiKeys: ApiKeysService,
    private readonly limit: RefusedKeyLimit,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const keyHash = sha256(readBearer(request.headers.authorization));
    const caller = await this.limit.apply(clientAddressOf(request), keyHash, () =>
      this.apiKeys.authenticate(keyHash),
    );
    // A route without a scope requires `admin`, so that a forgotten decorator does not open the route to every key.
    const required = this.reflector.get<Scope | undefined>(REQUIRED_SCOPE, context.getHandler()) ?? 'admin';
    if (!caller.scopes.includes('admin') && !caller.scopes.includes(required))
      throw new ScopeMissingError(required);
    request.caller = caller;
    return true;
  }
}

function readBearer(header: string | string[] | undefined): string {
  const match = typeof header === 'string' ? /^Bearer +([\x21-\x7e]{1,512}) *$/i.exec(header) : null;
  if (!match?.[1]) throw new ApiKeyMissingError();
  return match[1];
}
