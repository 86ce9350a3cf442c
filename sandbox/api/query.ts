/** One query parameter as text: the first when it is repeated, null when it is missing or empty. */
export function queryText(query: unknown, name: string): string | null {
  const value = (query as Record<string, string | string[] | undefined>)[name];
  return (Array.isArray(value) ? value[0] : value) || null;
}
