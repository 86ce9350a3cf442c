import type { LoggerService } from '@nestjs/common';
import { isNativeError } from 'node:util/types';
import pino, { type DestinationStream, type Logger as Pino } from 'pino';
import { currentLogContext } from '../common';

// Nest logs every module and every route under these contexts at each start. At level info they would hide other lines.
const FRAMEWORK_CONTEXTS = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

/** Implements Nest's logger with pino. A line is one JSON object, with the id of its request or of its job. */
export class JsonLogger implements LoggerService {
  private readonly pino: Pino;

  constructor(level: string, destination?: DestinationStream) {
    const options: pino.LoggerOptions = {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // It must return a copy, because pino adds the fields of the line to the object.
      mixin: () => ({ ...currentLogContext() }),
      serializers: { err: serializeError },
    };
    this.pino = destination ? pino(options, destination) : pino(options);
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
    const texts = optional.filter((item) => typeof item === 'string');
    const stack = texts.find((text) => text.includes('\n    at '));
    const context = texts.findLast((text) => text !== stack);
    if (isNativeError(message)) this.pino[level]({ context, err: message }, 'error');
    else if (typeof message === 'object' && message !== null) {
      // Without a text, pino would log the error's own message, which the serializer has not redacted.
      const { event } = message as { event?: unknown };
      const text = typeof event === 'string' ? event : 'error';
      this.pino[level]({ context, ...message }, 'err' in message ? text : undefined);
    } else this.pino[level]({ context, stack: stack && redactText(stack) }, redactText(String(message)));
  }
}

// Logs only the type, message, stack, `code` and cause: other properties may contain the rejected row or credentials.
function serializeError(error: unknown): unknown {
  if (!isNativeError(error)) return { message: typeof error };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: redactText(error.message),
    ...(typeof code === 'string' ? { code } : {}),
    stack: redactText(error.stack ?? ''),
    ...(isNativeError(error.cause) ? { cause: serializeError(error.cause) } : {}),
  };
}

// Error texts contain URLs, and the query strings of URLs contain user ids and reference ids.
function redactText(text: string): string {
  return text.replace(/\?[^\s"')]+/g, '?…');
}
