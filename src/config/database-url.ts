import { accessSync, constants } from 'node:fs';

// `prefer` and `allow` would go on without encryption; the driver cannot do that. `no-verify` is the driver's own word.
const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full', 'no-verify'];
const SSL_FILES = ['sslrootcert', 'sslcert', 'sslkey'];

/** Returns why a value is not a valid URL of Postgres, as a sentence without its subject, or null if it is valid. */
export function describeDatabaseUrlProblem(value: unknown): string | null {
  if (typeof value !== 'string' || !/^postgres(ql)?:\/\/\S+$/.test(value)) return 'must be a postgres:// URL';
  const url = parse(value);
  if (!url)
    return 'cannot be read: write the special characters of user and password percent-encoded (# as %23, / as %2F, ? as %3F, @ as %40, % as %25)';
  const mode = url.searchParams.get('sslmode');
  if (mode !== null && !SSL_MODES.includes(mode))
    return `has an sslmode that is not one of ${SSL_MODES.join(', ')}`;
  if (mode === 'verify-ca' && !url.searchParams.has('sslrootcert'))
    return 'has sslmode=verify-ca, which needs sslrootcert: the file of your certificate authority';
  if (url.searchParams.has('sslcert') !== url.searchParams.has('sslkey'))
    return 'must have both sslcert and sslkey, or neither';
  const unreadable = SSL_FILES.find((name) => !isReadable(url.searchParams.get(name)));
  return unreadable
    ? `names a file as ${unreadable} that cannot be read: check its path and its permissions`
    : null;
}

/**
 * Gives `sslmode` the meaning that it has in Postgres's own documentation: `require` encrypts without a check of the
 * certificate. Without this parameter, the driver treats it like verify-full, and writes a warning on each start.
 */
export function withPostgresSslModes(value: string): string {
  const url = parse(value);
  const mode = url?.searchParams.get('sslmode');
  if (!url || !mode || mode === 'no-verify' || url.searchParams.has('uselibpqcompat')) return value;
  return `${value}&uselibpqcompat=true`;
}

function parse(value: string): URL | null {
  // The URL of a Unix socket has a user but no host: postgres://user:password@/database?host=/run/postgresql
  const text = value.replace('@/', '@localhost/');
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  try {
    for (const part of [url.username, url.password, url.pathname]) decodeURIComponent(part);
  } catch {
    return null;
  }
  return url.hash === '' ? url : null;
}

function isReadable(path: string | null): boolean {
  if (path === null) return true;
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
