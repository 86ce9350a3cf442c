import type { LoggerService } from '@nestjs/common';
import { isNativeError } from 'node:util/types';
import pino, { type DestinationStream, type Logger as Pino } from 'pino';
import { currentLogContext, Redactor } from '../common';

// Nest logs every module and every route under these contexts at each start. At level info they would hide other lines.
const FRAMEWORK_CONTEXTS = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);
// A stack has a few KB. A longer text is not ours, but that of a driver or of an answer.
const MAX_TEXT_LENGTH = 8_192;
// A shorter secret, such as a database password of a laptop, is part of ordinary words.
const MIN_SECRET_LENGTH = 8;
// An error may be its own cause.
const MAX_CAUSES = 5;

/**
 * Implements Nest's logger with pino. A line is one JSON object, with the id of its request or of its job, and without
 * the secrets that the logger knows, wherever they come from.
 */
export class JsonLogger implements LoggerService {
  private readonly pino: Pino;
  private redactor = new Redactor([], MIN_SECRET_LENGTH);

  constructor(level: string, destination?: DestinationStream) {
    const options: pino.LoggerOptions = {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (fields) => this.shorten(fields) },
      // It must return a copy, because pino adds the fields of the line to the object.
      mixin: () => ({ ...currentLogContext() }),
      serializers: { err: (error: unknown) => this.serializeError(error) },
      hooks: { streamWrite: (line) => this.redactor.redactJson(line) },
    };
    this.pino = destination ? pino(options, destination) : pino(options);
  }

  /** Cuts these values out of every further line. */
  hide(secrets: readonly string[]): void {
    this.redactor = new Redactor(secrets, MIN_SECRET_LENGTH);
  }

  log(message: unknown, ...optional: unknown[]): void {
    const framework = FRAMEWORK_CONTEXTS.has(String(optional.at(-1)));
    this.write(framework ? 'debug' : 'info', message, optional);
  }

  error(message: unknown, ...optional: unknown[]): void {
    this.write('error', message, optional);
  }

  warn(message: unknown, ...optional: unknown[]): void {
    this.write('warn', message, optional);
  }

  debug(message: unknown, ...optional: unknown[]): void {
    this.write('debug', message, optional);
  }

  verbose(message: unknown, ...optional: unknown[]): void {
    this.write('trace', message, optional);
  }

  fatal(message: unknown, ...optional: unknown[]): void {
    this.write('fatal', message, optional);
  }

  // Nest passes the context as the last argument, and for errors the stack before it. Some callers pass only the stack.
  private write(level: pino.Level, message: unknown, optional: unknown[]): void {
    if (!this.pino.isLevelEnabled(level)) return;
    const texts = optional.filter((item) => typeof item === 'string');
    const stack = texts.find((text) => text.includes('\n    at '));
    const context = texts.findLast((text) => text !== stack);
    if (isNativeError(message)) this.pino[level]({ context, err: message }, 'error');
    else if (typeof message === 'object' && message !== null) {
      // Without a text, pino would log the error's own message, which the serializer has not redacted.
      const { event } = message as { event?: unknown };
      const text = typeof event === 'string' ? event : 'error';
      this.pino[level]({ context, ...message }, 'err' in message ? text : undefined);
    } else this.pino[level]({ context, stack: stack && this.clean(stack) }, this.clean(String(message)));
  }

  // Logs only the type, message, stack, `code` and cause: other properties may contain the rejected row or credentials.
  private serializeError(error: unknown, causesLeft = MAX_CAUSES): unknown {
    if (!isNativeError(error)) return { message: typeof error };
    const { code } = error as { code?: unknown };
    const hasCause = causesLeft > 0 && isNativeError(error.cause);
    return {
      type: error.name,
      message: this.clean(error.message),
      ...(typeof code === 'string' ? { code } : {}),
      stack: this.clean(error.stack ?? ''),
      ...(hasCause ? { cause: this.serializeError(error.cause, causesLeft - 1) } : {}),
    };
  }

  // Error texts contain URLs, and the query strings of URLs contain user ids and reference ids.
  private clean(text: string): string {
    return this.redactor.excerpt(text, MAX_TEXT_LENGTH).replace(/\?[^\s"')]+/g, '?…');
  }

  private shorten(fields: Record<string, unknown>): Record<string, unknown> {
    const isLong = (value: unknown): value is string =>
      typeof value === 'string' && value.length > MAX_TEXT_LENGTH;
    if (!Object.values(fields).some(isLong)) return fields;
    const short = Object.entries(fields).map(([name, value]) => [
      name,
      isLong(value) ? this.redactor.excerpt(value, MAX_TEXT_LENGTH) : value,
    ]);
    return Object.fromEntries(short) as Record<string, unknown>;
  }
}
