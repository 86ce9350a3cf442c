import {
  applyDecorators,
  Injectable,
  type CanActivate,
  type ExecutionContext,
  type PipeTransform,
} from '@nestjs/common';
import { ApiOperation, ApiParam } from '@nestjs/swagger';
import {
  describeNewReferenceIdProblem,
  describeReferenceIdProblem,
  REFERENCE_ID_MAX_LENGTH,
  RequestInvalidError,
} from '../common';

/**
 * Where a route takes the reference id. Each route with a reference id in its path has a twin that takes it in the
 * query, because proxies change some characters of a path: many decode `%2F`, remove `..` or join `//`.
 */
export type ReferenceIdPlace = 'path' | 'query';

/** Documents an operation on one end user. The DTO of the query documents a `referenceId` in the query. */
export function ApiEndUserOperation(
  place: ReferenceIdPlace,
  { summary, description }: { summary: string; description: string },
): MethodDecorator {
  if (place === 'query') {
    return ApiOperation({
      summary: `${summary}, by query`,
      description: `${description}\n\nUse this route for a reference id with characters that a proxy changes in a path, such as a slash.`,
    });
  }
  return applyDecorators(
    ApiOperation({ summary, description }),
    ApiParam({
      name: 'referenceId',
      description: 'Your id of the end user, percent-encoded.',
      schema: { type: 'string', minLength: 1, maxLength: REFERENCE_ID_MAX_LENGTH, example: 'user-4711' },
    }),
  );
}

/** Checks a reference id in a path. */
@Injectable()
export class ReferenceIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    return checked(value, describeReferenceIdProblem(value));
  }
}

/** Checks the reference id of a new link in a path. */
@Injectable()
export class NewReferenceIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    return checked(value, describeNewReferenceIdProblem(value));
  }
}

function checked(value: string, detail: string | null): string {
  if (detail !== null) throw new RequestInvalidError([{ field: 'referenceId', detail }]);
  return value;
}

/**
 * Rejects a slash after a reference id that ends the path. A proxy that decodes `%2F` turns the reference id `a/` into
 * this path, and the route would act on the end user `a`.
 */
@Injectable()
export class NoTrailingSlashGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { originalUrl } = context.switchToHttp().getRequest<{ originalUrl: string }>();
    if (!/^[^?#]*\/(?:[?#]|$)/.test(originalUrl)) return true;
    const detail = 'is followed by a slash: send a reference id that ends with a slash in the query';
    throw new RequestInvalidError([{ field: 'referenceId', detail }]);
  }
}
