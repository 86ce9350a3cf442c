import { applyDecorators, Controller, SetMetadata, UseFilters, UseGuards, UsePipes } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { ApiProblems, ProblemFilter, requestValidation } from '../http';
import { ApiKeyGuard } from './api-key.guard';

/** Marks controllers that the API key guard protects. */
export const GUARDED_BY_KEY = 'terra-connect:guarded-by-key';

/**
 * A controller for internal callers: guarded by API key, validated, errors as problems. All of it hangs on the
 * controller instead of the application, because the application may be somebody else's.
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
      400: { 'request.malformed': 'The address, or a body that came with it, cannot be read.' },
      503: { 'database.unavailable': 'Postgres cannot be reached; try again after Retry-After.' },
    }),
  );
}
