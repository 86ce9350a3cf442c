import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { clientAddressOf, type AddressedRequest } from '../http';
import { RateLimits } from '../rate-limits';

/** T-21: limits the requests of one address to routes that need no key, before they cost a query. */
@Injectable()
export class AddressLimitGuard implements CanActivate {
  constructor(private readonly limits: RateLimits) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<AddressedRequest>();
    this.limits.address.take(clientAddressOf(request));
    return true;
  }
}
