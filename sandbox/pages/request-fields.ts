import type { FastifyInstance } from 'fastify';

type Fields = Record<string, string | string[] | undefined>;

/** Adds the parser for HTML forms to a server. A repeated field becomes a list. */
export function acceptForms(server: FastifyInstance): void {
  server.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done: (error: Error | null, fields: Fields) => void) => {
      const params = new URLSearchParams(String(body));
      const names = [...new Set(params.keys())];
      const fields = names.map((name) => {
        const values = params.getAll(name);
        return [name, values.length > 1 ? values : values[0]] as const;
      });
      done(null, Object.fromEntries(fields));
    },
  );
}

export function formText(body: unknown, name: string): string {
  return formList(body, name)[0] ?? '';
}

export function formList(body: unknown, name: string): string[] {
  const value = ((body ?? {}) as Fields)[name];
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map(String);
}

/** One query parameter as text: the first value if it is repeated, null if it is missing or empty. */
export function queryText(query: unknown, name: string): string | null {
  const value = (query as Fields)[name];
  return (Array.isArray(value) ? value[0] : value) || null;
}
