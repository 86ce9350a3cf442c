import {
  ValidatorConstraint,
  type ValidationArguments,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { describeDatabaseUrlProblem } from './database-url';
import { isIP } from 'node:net';
import { isLoopback } from './return-url';
import { describeReturnUrlProblem } from './return-url-list';

const PLACEHOLDER = /^(<.*>|change[-_ ]?(me|this).*|your[-_ ].*|x{3,}|todo|secret|password|placeholder.*)$/i;

/** Rejects a placeholder that was copied from an example: anyone can read it, so it is no secret. */
@ValidatorConstraint({ name: 'notPlaceholder' })
export class NotPlaceholder implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return typeof value !== 'string' || !PLACEHOLDER.test(value.trim());
  }
  defaultMessage(): string {
    return 'still has a placeholder as its value';
  }
}

@ValidatorConstraint({ name: 'isDatabaseUrl' })
export class IsDatabaseUrl implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return describeDatabaseUrlProblem(value) === null;
  }
  defaultMessage({ value }: ValidationArguments): string {
    return describeDatabaseUrlProblem(value) ?? '';
  }
}

@ValidatorConstraint({ name: 'isServiceUrl' })
export class IsServiceUrl implements ValidatorConstraintInterface {
  validate(value: unknown, args: ValidationArguments): boolean {
    if (typeof value !== 'string' || !URL.canParse(value)) return false;
    const url = new URL(value);
    if (url.username || url.password || url.search || url.hash) return false;
    if (url.protocol === 'https:') return true;
    const loopbackOnly = (args.constraints as string[] | undefined)?.includes('https-unless-loopback');
    return url.protocol === 'http:' && (!loopbackOnly || isLoopback(url.hostname));
  }
  defaultMessage(args: ValidationArguments): string {
    const loopbackOnly = (args.constraints as string[] | undefined)?.includes('https-unless-loopback');
    return loopbackOnly
      ? 'must be an https:// URL without query (http:// only for localhost)'
      : 'must be an http(s):// URL without query';
  }
}

@ValidatorConstraint({ name: 'isListenAddress' })
export class IsListenAddress implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return typeof value === 'string' && isIP(value) !== 0;
  }
  defaultMessage(): string {
    return 'must be an IP address of this machine, 0.0.0.0 for every IPv4 address, or :: for every address';
  }
}

/** The URL may hold a user and a password. An empty text means that there is no proxy. */
@ValidatorConstraint({ name: 'isProxyUrl' })
export class IsProxyUrl implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    if (value === '') return true;
    return typeof value === 'string' && /^https?:\/\//i.test(value) && URL.canParse(value);
  }
  defaultMessage(): string {
    return 'must be the http(s):// URL of a proxy';
  }
}

@ValidatorConstraint({ name: 'isSecretList' })
export class IsSecretList implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return (
      Array.isArray(value) &&
      value.length > 0 &&
      value.every((secret) => typeof secret === 'string' && secret.length >= 8 && !PLACEHOLDER.test(secret))
    );
  }
  defaultMessage(): string {
    return 'must list one or more signing secrets (at least 8 characters each, no placeholder), separated by commas';
  }
}

/** Returns which entry of RETURN_URLS is not valid and why, or null. */
export function describeReturnUrlListProblem(value: unknown, isProduction: boolean): string | null {
  if (!Array.isArray(value)) return 'must be a list of URLs';
  for (const [index, entry] of value.entries()) {
    const problem = describeReturnUrlProblem(String(entry), isProduction);
    if (problem !== null) return `entry ${index + 1} ${problem}`;
  }
  return null;
}

@ValidatorConstraint({ name: 'isReturnUrlList' })
export class IsReturnUrlList implements ValidatorConstraintInterface {
  validate(value: unknown, args: ValidationArguments): boolean {
    return this.describe(value, args) === null;
  }
  defaultMessage(args: ValidationArguments): string {
    return this.describe(args.value, args) ?? '';
  }
  private describe(value: unknown, { object }: ValidationArguments): string | null {
    return describeReturnUrlListProblem(value, 'NODE_ENV' in object && object.NODE_ENV === 'production');
  }
}

@ValidatorConstraint({ name: 'isSuccessorList' })
export class IsSuccessorList implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    const entry = /^[A-Za-z0-9_.-]{1,64}(=([A-Za-z0-9_.-]{1,64})?)?$/;
    return Array.isArray(value) && value.every((item) => typeof item === 'string' && entry.test(item));
  }

  defaultMessage(): string {
    return 'must be a list of ended providers with their successors, such as FITBIT=GOOGLE_HEALTH,OTHER=';
  }
}

/** Terra resends for this many days. The service recognises a repeated delivery only while it has the first one. */
export const MIN_WEBHOOK_DAYS = 14;

@ValidatorConstraint({ name: 'isRetentionOfWebhooks' })
export class IsRetentionOfWebhooks implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return Number.isInteger(value) && (value === 0 || (value as number) >= MIN_WEBHOOK_DAYS);
  }

  defaultMessage(): string {
    return `must be a whole number of days, ${MIN_WEBHOOK_DAYS} or more, or 0 to keep the events for ever`;
  }
}
