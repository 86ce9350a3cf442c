import { Injectable } from '@nestjs/common';
import { Clock } from '../common';
import { ReconcileTargetsRepository } from '../connections';
import { TerraClient } from '../terra';
import type { ListedUser } from './terra-diff';

// For all requests to Terra about one end user together, because a caller waits for the result.
const DEADLINE_MS = 9_000;

/** What Terra says about one end user. */
export interface TerraListing {
  askedAt: Date;
  /** The Terra users that Terra holds under the reference. */
  users: ListedUser[];
  /** Connected Terra users that Terra does not know. */
  missing: string[];
}

/** Asks Terra which Terra users it holds for one end user. */
@Injectable()
export class TerraListingService {
  constructor(
    private readonly terra: TerraClient,
    private readonly targets: ReconcileTargetsRepository,
    private readonly clock: Clock,
  ) {}

  isTerraAvailable(): boolean {
    return this.terra.isAvailable();
  }

  /**
   * Lists the users under the reference, and asks by id for connected Terra users that the list lacks: one documented
   * shape of the list holds only one user even if there are more, and Terra may list a user under another reference. Also
   * asks by id for those that Terra calls inactive, because only this answer says whether they are authenticated.
   *
   * @throws the Terra errors of `terra.errors.ts`
   */
  async list(referenceId: string): Promise<TerraListing> {
    const askedAt = this.clock.now();
    const deadline = Date.now() + DEADLINE_MS;
    const left = (): number => Math.max(1, deadline - Date.now());
    const listed = await this.terra.listUsersOf(referenceId, left());
    // Terra answers 404 for an unknown reference and for a wrong dev-id.
    if (listed === null) await this.terra.assertCredentials(left());
    const users: ListedUser[] = listed ?? [];
    const missing: string[] = [];
    for (const terraUserId of await this.targets.listExpectedOf(referenceId)) {
      const user = users.find((one) => one.terraUserId === terraUserId);
      if (user && user.active !== false) continue;
      const found = await this.terra.findUser(terraUserId, left());
      if (user) user.isAuthenticated = found?.isAuthenticated;
      else if (found) users.push({ ...found.user, isAuthenticated: found.isAuthenticated });
      else missing.push(terraUserId);
    }
    return { askedAt, users, missing };
  }
}
