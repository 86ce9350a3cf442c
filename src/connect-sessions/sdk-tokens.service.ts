import { Injectable } from '@nestjs/common';
import { sha256 } from '../common';
import { RateLimits } from '../rate-limits';
import { TerraClient, type SdkToken } from '../terra';

/** Creates tokens for Terra's phone SDK. */
@Injectable()
export class SdkTokensService {
  constructor(
    private readonly terra: TerraClient,
    private readonly limits: RateLimits,
  ) {}

  /** @throws RateLimitedError, and the Terra errors of `terra.errors.ts` */
  create(referenceId: string): Promise<SdkToken> {
    // The hash has a fixed size, so that long ids do not take more memory.
    this.limits.endUser.take(sha256(referenceId).toString('base64'));
    return this.terra.createSdkToken(referenceId);
  }
}
