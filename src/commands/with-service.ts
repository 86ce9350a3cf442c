import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JsonLogger } from '../observability';

/** Boots just enough of the house for one piece of work, and shuts it down again. */
export async function withService<Service, Result>(
  module: DynamicModule,
  service: Type<Service>,
  work: (service: Service) => Promise<Result>,
): Promise<Result> {
  const context = await NestFactory.createApplicationContext(module, {
    logger: ['fatal'],
    abortOnError: false,
  });
  // What the service notes about its work is no part of the answer. A failure to boot is told by the command line itself.
  context.useLogger(new JsonLogger('info', process.stderr));
  try {
    return await work(context.get(service, { strict: false }));
  } finally {
    await context.close();
  }
}
