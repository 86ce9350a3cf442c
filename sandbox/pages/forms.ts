import type { FastifyInstance } from 'fastify';

type FormFields = Record<string, string | string[] | undefined>;

/** Teaches a server HTML forms; a repeated field becomes a list. */
export function acceptForms(server: FastifyInstance): void {
  server.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done: (error: Error | null, fields: FormFields) => void) => {
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
  const value = ((body ?? {}) as FormFields)[name];
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map(String);
}
