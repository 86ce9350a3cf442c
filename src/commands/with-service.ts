import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { readLogLevel } from '../config';
import { JsonLogger } from '../observability';

interface CommandSetup {
  module: DynamicModule;
  /** What the log lines of the command must not contain. */
  secrets: string[];
  /** Default: LOG_LEVEL, or `warn`, because log lines stand above the output in a terminal. */
  logLevel?: string;
}

/** Starts an application context for one command, and closes it afterwards. Log lines go to stderr. */
export async function withService<Service, Result>(
  { module, secrets, logLevel = readLogLevel('warn') }: CommandSetup,
  service: Type<Service>,
  work: (service: Service) => Promise<Result>,
): Promise<Result> {
  const context = await NestFactory.createApplicationContext(module, {
    logger: ['fatal'],
    abortOnError: false,
  });
  // The command line reports a failure to start.
  const logger = new JsonLogger(logLevel, process.stderr);
  logger.hide(secrets);
  context.useLogger(logger);
  try {
    return await work(context.get(service, { strict: false }));
  } finally {
    await context.close();
  }
}
