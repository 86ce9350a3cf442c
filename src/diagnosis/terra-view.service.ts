import { Injectable } from '@nestjs/common';
import { DomainError } from '../common';
import { TerraClient, type TerraUser } from '../terra';
import type { TerraAnswer, TerraView } from './diagnosis-input';

// For all calls of one diagnosis together, because a caller waits for it.
const DEADLINE_MS = 6_000;
const MAX_ASKED_BY_ID = 20;
const CALLS_AT_ONCE = 5;
// The limit of Terra's testing and staging environments.
const USER_CAP = 50;

export interface TerraQuestion {
  /** The Terra users that Terra should know, because their connections are live. */
  expected: string[];
  /** Whether to find out if the Terra account has reached its limit of users. */
  countUsers: boolean;
}

/** Asks Terra about one end user. It only reads, with a bounded number of calls, and never throws Terra's errors. */
@Injectable()
export class TerraViewService {
  constructor(private readonly terra: TerraClient) {}

  async view(referenceId: string, { expected, countUsers }: TerraQuestion): Promise<TerraView> {
    const deadline = Date.now() + DEADLINE_MS;
    const left = (): number => Math.max(1, deadline - Date.now());
    try {
      const listed = await this.terra.listUsersOf(referenceId, left());
      // Terra answers 404 for an unknown reference and for a wrong dev-id. This call fails only for a wrong dev-id.
      if (listed === null) await this.terra.listUsersPage(0, 1, left());
      const users = listed ?? [];
      const ids = new Set(users.map(({ terraUserId }) => terraUserId));
      const byId = await this.askById(
        expected.filter((id) => !ids.has(id)),
        left,
      );
      return { answered: true, users, ...byId, isFull: countUsers && (await this.isFull(left())) };
    } catch (error) {
      return { answered: false, cause: codeOf(error) };
    }
  }

  /** A list may lack a user that Terra has: one documented shape holds only one, and a broken page holds none. */
  private async askById(
    ids: string[],
    left: () => number,
  ): Promise<Pick<TerraAnswer, 'unlisted' | 'missing'>> {
    const waiting = ids.slice(0, MAX_ASKED_BY_ID);
    const unlisted: TerraUser[] = [];
    const missing: string[] = [];
    const work = async (): Promise<void> => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        const found = await orUndefined(this.terra.findUser(id, left()));
        if (found) unlisted.push(found.user);
        else if (found === null) missing.push(id);
      }
    };
    await Promise.all(Array.from({ length: CALLS_AT_ONCE }, work));
    return { unlisted, missing };
  }

  private async isFull(deadlineMs: number): Promise<boolean> {
    const page = await orUndefined(this.terra.listUsersPage(0, USER_CAP + 1, deadlineMs));
    return page?.users.length === USER_CAP && page.next === null;
  }
}

/** Without an answer, the diagnosis says nothing about what was asked. */
async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return undefined;
  }
}

function codeOf(error: unknown): string {
  if (error instanceof DomainError) return error.code;
  throw error;
}
