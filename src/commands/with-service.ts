import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JsonLogger } from '../observability';

/**
 * Starts an application context for one command, and closes it afterwards.
 *
 * @param secrets what the log lines of the command must not contain
 */
export async function withService<Service, Result>(
  module: DynamicModule,
  secrets: string[],
  service: Type<Service>,
  work: (service: Service) => Promise<Result>,
): Promise<Result> {
  const context = await NestFactory.createApplicationContext(module, {
    logger: ['fatal'],
    abortOnError: false,
  });
  // Log lines go to stderr, because they are not part of the output. The command line reports a failure to start.
  const logger = new JsonLogger('info', process.stderr);
  logger.hide(secrets);
  context.useLogger(logger);
  try {
    return await work(context.get(service, { strict: false }));
  } finally {
    await context.close();
  }
}
