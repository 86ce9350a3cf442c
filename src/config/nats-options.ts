import { ValidatorConstraint, type ValidatorConstraintInterface } from 'class-validator';

/** How events leave through NATS JetStream. */
export class NatsOptions {
  /** The URLs of the servers of one cluster, `nats://` or `tls://`; empty: events do not leave through NATS. */
  servers: string[];
  /** The path of a file with the credentials of a NATS user; empty: none. */
  credentialsFile: string;
  /** The path of a file with the certificates that sign those of the servers; empty: those of the system. */
  caFile: string;
  /** The first tokens of every subject. */
  prefix: string;
  /** How many partitions the subjects have. */
  partitions: number;
  /** The name of the stream. */
  stream: string;
  /** The types and groups of types to publish, such as `connection.*`; `*`: all without health data. */
  types: string[];
}

export const NATS_DEFAULTS: NatsOptions = {
  servers: [],
  credentialsFile: '',
  caFile: '',
  prefix: 'terra-connect.events',
  partitions: 16,
  stream: 'TERRA_CONNECT_EVENTS',
  types: ['*'],
};

export const MAX_NATS_PARTITIONS = 1_024;

@ValidatorConstraint({ name: 'isNatsServerList' })
export class IsNatsServerList implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    if (!Array.isArray(value) || !value.every(isNatsUrl)) return false;
    return new Set(value.map((url) => new URL(url).protocol)).size <= 1;
  }
  defaultMessage(): string {
    return 'must list the URLs of NATS servers, all nats:// or all tls://, without user and path, separated by commas';
  }
}

function isNatsUrl(text: unknown): text is string {
  if (typeof text !== 'string' || !/^(?:nats|tls):\/\/[^/]/.test(text) || !URL.canParse(text)) return false;
  // The client would ignore a user in the URL. The credentials come from a file.
  const { username, password, pathname, search, hash } = new URL(text);
  return [username, password, search, hash].every((part) => part === '') && /^\/?$/.test(pathname);
}

@ValidatorConstraint({ name: 'isNatsSubject' })
export class IsNatsSubject implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return typeof value === 'string' && value.length <= 100 && /^[\w-]+(?:\.[\w-]+)*$/.test(value);
  }
  defaultMessage(): string {
    return 'must be words of letters, digits, _ and -, joined by dots, such as terra-connect.events';
  }
}

@ValidatorConstraint({ name: 'isNatsStreamName' })
export class IsNatsStreamName implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return typeof value === 'string' && /^[\w-]{1,100}$/.test(value);
  }
  defaultMessage(): string {
    return 'must be the name of a stream: letters, digits, _ and -';
  }
}

/** Checks the form. Which types exist, only the module of the events knows. */
@ValidatorConstraint({ name: 'isEventTypeList' })
export class IsEventTypeList implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    const entry = /^(?:\*|[a-z][\w]*(?:\.\w+)*(?:\.\*)?)$/;
    return Array.isArray(value) && value.length > 0 && value.every((item) => entry.test(String(item)));
  }
  defaultMessage(): string {
    return 'must list types of events, such as connection.connected, connection.* or *, separated by commas';
  }
}
