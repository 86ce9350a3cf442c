import type { EntityTarget, ObjectLiteral } from 'typeorm';
import { metadataOf, type SqlTarget } from './sql';

/** Rows of an entity as parameters of one statement. */
export interface RowSet {
  table: string;
  /** The columns of the rows, in their order. */
  columns: string[];
  /** A SELECT of the rows. Its parameters are `$1` to the number of columns. */
  select: string;
  values: unknown[][];
}

/**
 * Turns rows into a SELECT with one array for each column, so that the text of a statement, and what Postgres prepares, do
 * not depend on the number of rows.
 *
 * @param properties the properties that the rows have
 */
export function rowSetOf<Row extends ObjectLiteral>(
  target: SqlTarget,
  entity: EntityTarget<Row>,
  properties: readonly (keyof Row & string)[],
  rows: Pick<Row, keyof Row & string>[],
): RowSet {
  const { columns, tablePath } = metadataOf(target, entity);
  const given = properties.flatMap((name) => columns.find(({ propertyName }) => propertyName === name) ?? []);
  const names = given.map(({ databaseName }) => databaseName);
  // `unnest` would flatten an array of arrays, so each array travels as text.
  const types = given.map(({ type, isArray }) => (isArray ? 'text' : String(type)));
  const selected = given.map(({ databaseName, type, isArray }) =>
    isArray ? `${databaseName}::${String(type)}[]` : databaseName,
  );
  const parameters = types.map((type, index) => `$${index + 1}::${type}[]`);
  return {
    table: tablePath,
    columns: names,
    select: `SELECT ${selected.join(', ')} FROM unnest(${parameters.join(', ')}) AS given (${names.join(', ')})`,
    values: given.map(({ propertyName, isArray }) =>
      rows.map((row): unknown => {
        const value: unknown = row[propertyName];
        return isArray && Array.isArray(value) ? arrayLiteral(value as string[]) : value;
      }),
    ),
  };
}

function arrayLiteral(items: string[]): string {
  return `{${items.map((item) => `"${item.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}
