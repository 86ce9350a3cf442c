import { Injectable, ParseUUIDPipe, type PipeTransform } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { describeReferenceIdProblem, REFERENCE_ID_MAX_LENGTH, RequestInvalidError } from '../common';
import { EXAMPLE_ID } from './api-property.decorators';

/** Documents the path parameter `id`. */
export const ApiIdParam = (description: string): MethodDecorator =>
  ApiParam({ name: 'id', format: 'uuid', description, example: EXAMPLE_ID });

/** Checks an id in a path. A text that is not a UUID gets the same error as an unknown id. */
export const uuidParam = (notFound: () => Error): ParseUUIDPipe =>
  new ParseUUIDPipe({ exceptionFactory: notFound });

/** Documents the path parameter `referenceId`, which {@link ReferenceIdPipe} checks. */
export const ApiReferenceIdParam = (): MethodDecorator =>
  ApiParam({
    name: 'referenceId',
    description: 'Your id of the end user, percent-encoded.',
    schema: { type: 'string', minLength: 1, maxLength: REFERENCE_ID_MAX_LENGTH, example: 'user-4711' },
  });

/** Checks a reference id in a path. */
@Injectable()
export class ReferenceIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    const detail = describeReferenceIdProblem(value);
    if (detail) throw new RequestInvalidError([{ field: 'referenceId', detail }]);
    return value;
  }
}
