import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JsonLogger } from '../observability';

/** Starts an application context for one command, and closes it afterwards. */
export async function withService<Service, Result>(
  module: DynamicModule,
  service: Type<Service>,
  work: (service: Service) => Promise<Result>,
): Promise<Result> {
  const context = await NestFactory.createApplicationContext(module, {
    logger: ['fatal'],
    abortOnError: false,
  });
  // Log lines go to stderr, because they are not part of the output. The command line reports a failure to start.
  context.useLogger(new JsonLogger('info', process.stderr));
  try {
    return await work(context.get(service, { strict: false }));
  } finally {
    await context.close();
  }
}
