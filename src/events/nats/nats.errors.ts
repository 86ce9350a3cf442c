/** Why events do not reach NATS. The values are labels of a metric. */
export type NatsFailure =
  | 'not_installed'
  | 'credentials'
  | 'unreachable'
  | 'not_allowed'
  | 'no_jetstream'
  | 'stream'
  | 'full'
  | 'other_publisher'
  | 'no_answer'
  | 'rejected';

/** NATS has not stored all events. The message says what happened, `advice` what an operator does. */
export class NatsPublishError extends Error {
  constructor(
    readonly failure: NatsFailure,
    message: string,
    readonly advice: string,
    cause?: unknown,
  ) {
    super(message, { cause });
    this.name = 'NatsPublishError';
  }
}

/** The error codes of JetStream that the service distinguishes; the client library names only some of them. */
export const JETSTREAM_CODES = {
  streamNotFound: 10_059,
  wrongLastId: 10_070,
  wrongLastSequence: 10_071,
};

const FULL_CODES = [
  10_002, // resource limits of the account
  10_023, // insufficient resources
  10_028, // resources of JetStream exceeded
  10_047, // insufficient storage
  10_077, // the stream has its maximum of messages or bytes
];
const NOT_ENABLED_CODES = [10_039, 10_076];

const TABLE: Record<string, [NatsFailure, string, string]> = {
  AuthorizationError: [
    'credentials',
    'NATS rejects the credentials',
    'Check EVENTS_NATS_CREDENTIALS_FILE, and that the user still exists.',
  ],
  UserAuthenticationExpiredError: [
    'credentials',
    'The credentials for NATS have expired',
    'Replace the file that EVENTS_NATS_CREDENTIALS_FILE names. The service reads it at each connect.',
  ],
  PermissionViolationError: [
    'not_allowed',
    'The NATS user may not publish to a subject that the service needs',
    'Give the user the permissions that docs/operations.md lists.',
  ],
  JetStreamNotEnabled: [
    'no_jetstream',
    'No JetStream answers',
    'Enable JetStream on the server and for the account, and check that the stream still exists.',
  ],
  TimeoutError: [
    'no_answer',
    'NATS has not answered in time',
    'Check the load and the disk of the server, and whether the stream has a leader.',
  ],
};

/** What failed, for any error of the client library. */
export function toNatsError(error: unknown): NatsPublishError {
  if (error instanceof NatsPublishError) return error;
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  const entry = TABLE[name] ?? (error instanceof Error ? TABLE[nameOf(error.cause)] : undefined);
  if (entry) {
    const [failure, problem, advice] = entry;
    return new NatsPublishError(failure, `${problem}: ${message}`, advice, error);
  }
  const code = codeOf(error);
  if (code === undefined)
    return new NatsPublishError(
      'unreachable',
      `No server of EVENTS_NATS_URL can be reached: ${message}`,
      'Check the addresses, the network, and with tls:// the certificate and EVENTS_NATS_CA_FILE.',
      error,
    );
  if (FULL_CODES.includes(code))
    return new NatsPublishError(
      'full',
      `NATS has no room: ${message}`,
      'Raise the limits of the stream or of the account, free the disk, or shorten max_age.',
      error,
    );
  if (NOT_ENABLED_CODES.includes(code))
    return new NatsPublishError(
      'no_jetstream',
      `JetStream is not enabled: ${message}`,
      'Enable JetStream on the server and for the account.',
      error,
    );
  return new NatsPublishError(
    'rejected',
    `NATS rejects an event: ${message}`,
    'See the error of NATS.',
    error,
  );
}

/** The error code of JetStream; undefined for an error of another kind. */
export function codeOf(error: unknown): number | undefined {
  const { name, code } = error as { name?: string; code?: unknown };
  return name === 'JetStreamApiError' || name === 'StreamNotFoundError' ? Number(code) : undefined;
}

function nameOf(cause: unknown): string {
  return cause instanceof Error ? cause.name : '';
}
