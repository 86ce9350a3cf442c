import { hasSqlState, isDatabaseDown, UNDEFINED_TABLE } from '../common';
import { notMigrated } from './migration/migration.errors';

const PASSWORD_REJECTED = '28P01';
const ACCESS_REJECTED = '28000';
const NO_SUCH_DATABASE = '3D000';
const NO_RIGHT = '42501';

/** Codes and messages of Node's TLS and of node-postgres → what to do. */
const TLS_ADVICE: [problem: RegExp, advice: string][] = [
  [
    /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?)$/,
    "the server's certificate is not signed by a known authority. Set sslrootcert in the URL to the file of the authority",
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    "the server's certificate is for another host. Use the host of the certificate in the URL, or sslmode=verify-ca",
  ],
  [/^CERT_HAS_EXPIRED$/, "the server's certificate has expired. Renew it"],
  [/does not support SSL connections/, 'the server has no TLS. Switch TLS on there, or use sslmode=disable'],
  [
    /certificate required|requires a valid client certificate|unknown ca|certificate unknown/i,
    'the server asks for a certificate of a known authority. Set sslcert and sslkey in the URL to the files of yours',
  ],
  [
    /^ERR_OSSL|PEM|key values mismatch/,
    'a file of sslrootcert, sslcert or sslkey has no valid certificate or key in the PEM format, or they do not match',
  ],
];

/**
 * Says in a sentence what happened between a process and Postgres, and what to do; null for other errors. The messages
 * of Postgres name the role and the database, but never the password.
 */
export function describeDatabaseError(error: unknown): string | null {
  const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string };
  const tls = TLS_ADVICE.find(([problem]) => problem.test(code) || problem.test(message));
  if (tls)
    return `Postgres cannot be reached with TLS: ${tls[1]} (${message}). docs/deployment.md has the settings.`;
  if (hasSqlState(error, PASSWORD_REJECTED))
    return `Postgres rejects the user or the password (${message}). Special characters must be percent-encoded in the URL.`;
  if (hasSqlState(error, ACCESS_REJECTED))
    return (
      `Postgres rejects the connection (${message}). Check pg_hba.conf of the server; ` +
      'if it asks for encryption, add sslmode=verify-full to the URL.'
    );
  if (hasSqlState(error, NO_SUCH_DATABASE))
    return `${message}: create the database first, or correct its name in the URL.`.replace(/^d/, 'D');
  if (hasSqlState(error, NO_RIGHT))
    return `The database role lacks a right (${message}). docs/operations.md has the grants for the role that migrates and the role that serves.`;
  if (hasSqlState(error, UNDEFINED_TABLE)) return notMigrated().message;
  // When all addresses of a host fail, the error has no message.
  if (isDatabaseDown(error))
    return `Postgres does not answer at DATABASE_URL (${message || code || 'no connection'}).`;
  return null;
}
