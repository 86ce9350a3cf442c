import { applyDecorators, Controller, SetMetadata, UseFilters, UseGuards, UsePipes } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { ApiProblems, ProblemFilter, requestValidation } from '../http';
import { ApiKeyGuard } from './api-key.guard';

/** Marks controllers that the API key guard protects. */
export const GUARDED_BY_KEY = 'terra-connect:guarded-by-key';

/**
 * A controller for internal callers: it has the API key guard, request validation and errors as problems. These are set
 * on the controller, not on the application, because a host application has its own.
 */
export function RestController(path: string, tag: string): ClassDecorator {
  return applyDecorators(
    Controller(path),
    ApiTags(tag),
    ApiBearerAuth(),
    UseGuards(ApiKeyGuard),
    SetMetadata(GUARDED_BY_KEY, true),
    UsePipes(requestValidation),
    UseFilters(ProblemFilter),
    ApiProblems({
      400: {
        'request.malformed':
          'The service cannot read the URL or the body. Send a decodable URL and a valid JSON body.',
      },
      503: {
        'database.unavailable':
          'The service cannot reach Postgres. Nothing was changed. Try again after Retry-After.',
      },
    }),
  );
}
