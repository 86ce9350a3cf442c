import { ParseUUIDPipe } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { EXAMPLE_ID } from './api-property.decorators';

/** Documents the path parameter `id`. `source` is the operation whose responses have such ids. */
export const ApiIdParam = (what: string, source: string): MethodDecorator =>
  ApiParam({
    name: 'id',
    format: 'uuid',
    description: `${what}, from \`${source}\`. Nothing has the id of the example: the service answers 404.`,
    example: EXAMPLE_ID,
  });

/** Checks an id in a path. A text that is not a UUID gets the same error as an unknown id. */
export const uuidParam = (notFound: () => Error): ParseUUIDPipe =>
  new ParseUUIDPipe({ exceptionFactory: notFound });
