import type { QueryRunner } from 'typeorm';

/** The tables and columns of our schema, by keys that stay when they are renamed. */
export type Columns = Map<string, { table: string; column: string }>;

export async function readColumns(runner: QueryRunner): Promise<Columns> {
  const rows = (await runner.query(
    `SELECT format('%s/%s', c.oid, a.attnum) AS key, format('%I.%I', n.nspname, c.relname) AS table, a.attname AS column
     FROM pg_catalog.pg_class c
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
     WHERE n.nspname = 'terra_connect' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY n.nspname, c.relname, a.attnum`,
  )) as { key: string; table: string; column: string }[];
  return new Map(rows.map(({ key, table, column }) => [key, { table, column }]));
}

/** What `after` no longer has of `before`: whole tables, and columns of tables that stay. */
export function removedBetween(before: Columns, after: Columns): string[] {
  const oidOf = (key: string): string => key.slice(0, key.indexOf('/'));
  const remaining = new Set([...after.keys()].map(oidOf));
  const removed = [...before].filter(([key]) => !after.has(key));
  const lines = removed.map(([key, { table, column }]) =>
    remaining.has(oidOf(key)) ? `column ${table}.${column}` : `table ${table}`,
  );
  return [...new Set(lines)];
}
