import type { QueryRunner } from 'typeorm';
import { MIGRATIONS } from '../../../migrations';
import { newerDatabase, tablesWithoutList } from './migration.errors';

export type Migration = (typeof MIGRATIONS)[number];

const TABLE = 'terra_connect_migrations';
/** The list of the migrations that a database has. */
export const LIST = `terra_connect.${TABLE}`;

/** What a database has, compared with the migrations of this version. */
export interface MigrationState {
  applied: string[];
  pending: string[];
  /** Applied migrations that this version does not know. */
  unknown: string[];
}

export function compareWithVersion(applied: string[]): MigrationState {
  const known = MIGRATIONS.map(({ name }) => name);
  return {
    applied,
    pending: known.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !known.includes(name)),
  };
}

/** The list in the transaction of a migrator, which holds the migration lock. */
export class MigrationList {
  private constructor(
    private readonly runner: QueryRunner,
    readonly state: MigrationState,
  ) {}

  /**
   * Opens the list. Creates it, with our schema, in a database without one; moves the list of an earlier version into
   * our schema.
   *
   * @throws DatabaseMismatchError when there are tables without a list, or migrations that this version does not know
   */
  static async open(runner: QueryRunner): Promise<MigrationList> {
    // Not IF NOT EXISTS: Postgres asks for the right to create schemas even if the schema exists.
    if (!(await exists(runner, `to_regnamespace('terra_connect')`)))
      await runner.query(`CREATE SCHEMA terra_connect`);
    if (!(await exists(runner, `to_regclass('${LIST}')`))) await createOrMove(runner);
    const rows = (await runner.query(`SELECT name FROM ${LIST} ORDER BY id`)) as { name: string }[];
    // Every version has this table, and only a migration creates it.
    if (rows.length === 0 && (await exists(runner, `to_regclass('terra_connect.webhook_events')`)))
      throw tablesWithoutList(LIST);
    const state = compareWithVersion(rows.map(({ name }) => name));
    if (state.unknown.length > 0) throw newerDatabase(state.unknown);
    return new MigrationList(runner, state);
  }

  get pending(): Migration[] {
    return MIGRATIONS.filter(({ name }) => this.state.pending.includes(name));
  }

  /** The migrations in the database, in the order in which they were applied. */
  get applied(): Migration[] {
    return this.state.applied.map((applied) => MIGRATIONS.find(({ name }) => name === applied)!);
  }

  async add({ name }: Migration): Promise<void> {
    await this.runner.query(`INSERT INTO ${LIST} ("timestamp", name) VALUES ($1, $2)`, [
      name.slice(-13),
      name,
    ]);
  }

  async remove({ name }: Migration): Promise<void> {
    await this.runner.query(`DELETE FROM ${LIST} WHERE name = $1`, [name]);
  }
}

async function createOrMove(runner: QueryRunner): Promise<void> {
  // Earlier versions let TypeORM create the list in the first schema of the search path, mostly `public`.
  const [earlier] = (await runner.query(
    `SELECT quote_ident(nspname) AS schema FROM pg_catalog.pg_class c
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE relname = $1 AND relkind = 'r' ORDER BY nspname <> 'public', nspname LIMIT 1`,
    [TABLE],
  )) as { schema: string }[];
  if (earlier) {
    await runner.query(`ALTER TABLE ${earlier.schema}.${TABLE} SET SCHEMA terra_connect`);
    return;
  }
  // The same columns and the same name of the key as in a list that an earlier version has created.
  await runner.query(`
    CREATE TABLE ${LIST} (
      id serial,
      "timestamp" bigint NOT NULL,
      name character varying NOT NULL,
      CONSTRAINT "PK_5fcc40b16b0a8dbb3b391a2aeff" PRIMARY KEY (id)
    )`);
}

async function exists(runner: QueryRunner, lookUp: string): Promise<boolean> {
  const [row] = (await runner.query(`SELECT ${lookUp} IS NOT NULL AS found`)) as { found: boolean }[];
  return row!.found;
}
