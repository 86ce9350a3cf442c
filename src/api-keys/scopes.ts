/** The rights that a key can have. `admin` includes all others. */
export const SCOPES = [
  'sessions:write',
  'sessions:read',
  'connections:read',
  'connections:write',
  'events:read',
  'endpoints:read',
  'endpoints:write',
  'admin',
] as const;
export type Scope = (typeof SCOPES)[number];

export function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text);
}
