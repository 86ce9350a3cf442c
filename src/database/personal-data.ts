import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import type { RetentionOptions } from '../config';

/** An end user as rows name them: everything that an export holds and an erasure removes. */
export interface DataSubject {
  referenceId: string;
  /** Terra users that are or were the end user's. */
  terraUserIds: string[];
  connectionIds: string[];
  /** Other end users' Terra users that replaced one of these: their events may name the end user. */
  successorIds: string[];
}

export interface ErasureRequest {
  referenceId: string;
  requestedAt: Date;
  /** Who requested it: an API key's id. */
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
] as const;
export type ExportSections = Record<(typeof EXPORT_SECTIONS)[number], ExportedRow[]>;

/** A table whose rows have an age limit. */
export interface PruneRule {
  /** Names the table in logs and metrics. */
  table: string;
  /** How long its rows are kept, in days; 0: for ever. */
  days: (retention: RetentionOptions) => number;
  /** Deletes what is older, in batches; stops between two of them once `signal` is aborted. @returns how many rows */
  prune: (before: Date, signal: AbortSignal) => Promise<number>;
}

/**
 * The contract of a module whose tables hold rows about end users; the privacy module runs it for all of them. Every
 * method with a manager runs inside the caller's transaction.
 */
export interface PersonalData {
  /** The entities that this module accounts for. A test compares them with all entities, so that none is forgotten. */
  readonly entities: readonly EntityTarget<ObjectLiteral>[];

  /** The moment an erasure is requested: takes the end user's connections and links out of use. */
  beginErasure?(manager: EntityManager, request: ErasureRequest): Promise<void>;

  /** What must end before the erasure can complete, as a word for the log; null: nothing. */
  erasureObstacle?(manager: EntityManager, request: ErasureRequest): Promise<string | null>;

  /** The rows about the end user by section of the export, oldest first, with the fields that an allow-list names. */
  exportRows(manager: EntityManager, subject: DataSubject): Promise<Partial<ExportSections>>;

  /** Deletes or pseudonymizes every row about the end user. @returns how many, by section of the receipt */
  erase(manager: EntityManager, subject: DataSubject): Promise<Record<string, number>>;

  readonly pruneRules?: readonly PruneRule[];
}

/**
 * What an export does with each field of an entity: `secret` and `internal` fields stay out. The record is exhaustive, so
 * a new column does not compile until it is decided.
 */
export type ExportPolicy<Entity> = Record<keyof Entity, 'exported' | 'secret' | 'internal'>;

/** The fields of a row that its policy exports. */
export function exportedFields<Entity extends object>(
  row: Entity,
  policy: ExportPolicy<Entity>,
): ExportedRow {
  const names = Object.keys(policy) as (keyof Entity & string)[];
  const exported = names.filter((name) => policy[name] === 'exported');
  return Object.fromEntries(exported.map((name) => [name, row[name]]));
}

/** Repeats a batch until it finds less than its limit, or `signal` is aborted. @returns the sum */
export async function inBatches(
  limit: number,
  signal: AbortSignal,
  batch: (limit: number) => Promise<number>,
): Promise<number> {
  let total = 0;
  for (let last = limit; last === limit && !signal.aborted; total += last) last = await batch(limit);
  return total;
}
