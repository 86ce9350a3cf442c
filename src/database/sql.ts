import { sha256 } from '../common';
import type { DataSource, EntityManager, EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';

/** Where a statement runs: in a manager's transaction, or by itself on a connection of the data source's pool. */
export type SqlTarget = EntityManager | DataSource;

export interface SqlResult<Row> {
  rows: Row[];
  /** How many rows were read, inserted, changed or deleted. */
  count: number;
}

interface SqlOptions {
  /** On a data source: after this the caller gets an error, and the connection is closed instead of reused. */
  timeoutMs?: number;
}

// The server ends a statement after ten seconds; this is for a server that no longer answers.
const POOL_TIMEOUT_MS = 12_000;

interface PgQueryable {
  query<Row>(query: {
    name: string;
    text: string;
    values: unknown[];
    query_timeout?: number;
  }): Promise<{ rows: Row[]; rowCount: number | null }>;
}

/**
 * Runs one SQL statement; the only way to run SQL by hand. Postgres parses it once per connection, under a name that
 * follows from the text, so the text must not hold values. It is half as fast again as `dataSource.query`.
 *
 * On a data source, a statement that fails costs its connection: one that may fail by design says ON CONFLICT.
 *
 * @throws Error when the manager is in no transaction
 */
export async function runSql<Row = Record<string, unknown>>(
  target: SqlTarget,
  text: string,
  values: unknown[] = [],
  { timeoutMs = POOL_TIMEOUT_MS }: SqlOptions = {},
): Promise<SqlResult<Row>> {
  const statement = { name: nameOf(text), text, values };
  const { rows, rowCount } =
    'driver' in target
      ? await poolOf(target).query<Row>({ ...statement, query_timeout: timeoutMs })
      : await (await clientOf(target)).query<Row>(statement);
  return { rows, count: rowCount ?? 0 };
}

/** Inserts one row of an entity, with the given columns, unless a unique key is taken. @returns whether it was inserted */
export async function insertIfAbsent<Entity extends ObjectLiteral>(
  target: SqlTarget,
  entity: EntityTarget<Entity>,
  row: Partial<Entity>,
  options: SqlOptions = {},
): Promise<boolean> {
  const { driver } = dataSourceOf(target);
  const { columns, tablePath } = metadataOf(target, entity);
  const given = columns.filter(({ propertyName }) => row[propertyName] !== undefined);
  const names = given.map(({ databaseName }) => databaseName).join(', ');
  const parameters = given.map((_, index) => `$${index + 1}`).join(', ');
  const { count } = await runSql(
    target,
    `INSERT INTO ${tablePath} (${names}) VALUES (${parameters}) ON CONFLICT DO NOTHING`,
    given.map((column): unknown => driver.preparePersistentValue(row[column.propertyName], column)),
    options,
  );
  return count === 1;
}

/**
 * The columns of an entity under its property names, for SELECT and RETURNING: `reference_id AS "referenceId", …`.
 *
 * @param except properties to leave out
 */
export function columnsOf(
  target: SqlTarget,
  entity: EntityTarget<ObjectLiteral>,
  except: readonly string[] = [],
): string {
  const metadata = metadataOf(target, entity);
  const lists = columnLists.get(metadata) ?? new Map<string, string>();
  columnLists.set(metadata, lists);
  const known = lists.get(except.join());
  if (known !== undefined) return known;
  const list = metadata.columns
    .filter(({ propertyName }) => !except.includes(propertyName))
    .map(({ databaseName, propertyName }) =>
      databaseName === propertyName ? databaseName : `${databaseName} AS "${propertyName}"`,
    )
    .join(', ');
  lists.set(except.join(), list);
  return list;
}

const columnLists = new WeakMap<EntityMetadata, Map<string, string>>();

function metadataOf(target: SqlTarget, entity: EntityTarget<ObjectLiteral>): EntityMetadata {
  return dataSourceOf(target).getMetadata(entity);
}

function dataSourceOf(target: SqlTarget): DataSource {
  return 'driver' in target ? target : target.dataSource;
}

function poolOf(dataSource: DataSource): PgQueryable {
  return (dataSource.driver as unknown as { master: PgQueryable }).master;
}

async function clientOf({ queryRunner }: EntityManager): Promise<PgQueryable> {
  if (!queryRunner?.isTransactionActive) throw new Error('This statement must run inside a transaction.');
  return (await queryRunner.connect()) as PgQueryable;
}

const names = new Map<string, string>();

function nameOf(text: string): string {
  const known = names.get(text);
  if (known) return known;
  const name = `terra_connect_${sha256(text).toString('hex').slice(0, 32)}`;
  names.set(text, name);
  return name;
}
