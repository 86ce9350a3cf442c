import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import type { RetentionOptions } from '../config';

/** The ids by which rows name one end user. An export contains these rows, an erasure removes them. */
export interface DataSubject {
  referenceId: string;
  /** Terra users that belong or belonged to the end user. */
  terraUserIds: string[];
  connectionIds: string[];
  /** Terra users of other end users, with facts that name this end user. Their events may also name this end user. */
  successorIds: string[];
}

export interface ErasureRequest {
  referenceId: string;
  requestedAt: Date;
  /** Who requested the erasure: the id of an API key. */
  actor: string;
}

export type ExportedRow = Record<string, unknown>;

/** The sections of an export; each holds the rows of one table, oldest first. */
export const EXPORT_SECTIONS = [
  'connections',
  'identities',
  'facts',
  'connectSessions',
  'webhookEvents',
  'deauthentications',
  'sweepFindings',
  'erasures',
  'outgoingEvents',
  'eventBodies',
  'eventDeliveries',
] as const;
export type ExportSections = Record<(typeof EXPORT_SECTIONS)[number], ExportedRow[]>;

/** A table whose rows have an age limit. */
export interface PruneRule {
  /** Names the table in logs and metrics. */
  table: string;
  /** How many days the service keeps a row; 0: for ever. */
  days: (retention: RetentionOptions) => number;
  /** Deletes older rows in batches. Stops after a batch if `signal` is aborted. @returns how many rows it deleted */
  prune: (before: Date, signal: AbortSignal) => Promise<number>;
}

/**
 * A module implements this if its tables contain rows about end users. The privacy module calls every implementation.
 * Every method with a manager runs inside the caller's transaction.
 */
export interface PersonalData {
  /** The entities for which this module is responsible. A test checks that every entity belongs to a module. */
  readonly entities: readonly EntityTarget<ObjectLiteral>[];

  /** Runs when an erasure is requested. Ends the end user's connections and connect sessions at once. */
  beginErasure?(manager: EntityManager, request: ErasureRequest): Promise<void>;

  /** Why the erasure cannot complete yet, as a code for the log; null if it can complete. */
  erasureObstacle?(manager: EntityManager, request: ErasureRequest): Promise<string | null>;

  /** The rows about the end user, by section of the export, oldest first, with the fields that a policy exports. */
  exportRows(manager: EntityManager, subject: DataSubject): Promise<Partial<ExportSections>>;

  /** Deletes or pseudonymizes every row about the end user. @returns how many rows, by section of the receipt */
  erase(manager: EntityManager, subject: DataSubject): Promise<Record<string, number>>;

  readonly pruneRules?: readonly PruneRule[];
}

/**
 * Says for each field of an entity whether an export contains it: `secret` and `internal` fields stay out. A field with an
 * id of an end user, a Terra user or a connection has an `own_…` entry: an account can move to another end user, and an
 * export must not contain the ids of others (T-16). The record is exhaustive, so a new column does not compile without an
 * entry.
 */
export type ExportPolicy<Entity> = Record<keyof Entity, ExportEntry>;
type ExportEntry = 'exported' | 'own_reference' | 'own_terra_user' | 'own_connection' | 'secret' | 'internal';

/** Returns the fields of a row that the policy exports. An id of another end user is null. */
export function exportedFields<Entity extends object>(
  row: Entity,
  policy: ExportPolicy<Entity>,
  { referenceId, terraUserIds, connectionIds }: DataSubject,
): ExportedRow {
  const own = {
    own_reference: [referenceId],
    own_terra_user: terraUserIds,
    own_connection: connectionIds,
  };
  return Object.fromEntries(
    Object.entries<ExportEntry>(policy).flatMap(([name, entry]) => {
      if (entry === 'secret' || entry === 'internal') return [];
      const value: unknown = row[name as keyof Entity];
      return [[name, entry === 'exported' || own[entry].includes(value as string) ? value : null]];
    }),
  );
}

/** Repeats `batch` until it returns less than `limit`, or `signal` is aborted. @returns the sum of all results */
export async function inBatches(
  limit: number,
  signal: AbortSignal,
  batch: (limit: number) => Promise<number>,
): Promise<number> {
  let total = 0;
  for (let last = limit; last === limit && !signal.aborted; total += last) last = await batch(limit);
  return total;
}
