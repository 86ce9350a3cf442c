import {
  applyDecorators,
  Controller,
  SetMetadata,
  UseFilters,
  UseGuards,
  UsePipes,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { ApiProblems, NoStoreGuard, ProblemFilter, requestValidation, UrlEncodingGuard } from '../http';
import { ApiKeyGuard } from './api-key.guard';

/** Marks controllers that the API key guard protects. */
export const GUARDED_BY_KEY = 'terra-connect:guarded-by-key';

/**
 * Declares a controller for callers, with the API key guard, request validation, the problem filter and headers against
 * caching. They are set on the controller, not on the application, because a host has its own.
 */
export function RestController(path: string, tag: string): ClassDecorator {
  return applyDecorators(
    // Our version is in the path. A host's default version must not add a second one.
    Controller({ path, version: VERSION_NEUTRAL }),
    ApiTags(tag),
    ApiBearerAuth(),
    UseGuards(NoStoreGuard, UrlEncodingGuard, ApiKeyGuard),
    SetMetadata(GUARDED_BY_KEY, true),
    UsePipes(requestValidation),
    UseFilters(ProblemFilter),
    ApiProblems({
      400: {
        'request.malformed':
          'The service cannot read the URL or the body. Send a correctly percent-encoded URL and a valid JSON body.',
      },
      429: {
        'rate_limit.exceeded': {
          when: 'Too many requests with an unknown API key came from your address. Wait for the seconds in Retry-After, then retry with an active key.',
          members: { limit: 'refused-keys' },
        },
      },
      503: {
        'database.unavailable':
          'The service cannot reach Postgres. Nothing was changed. Wait for the seconds in Retry-After, then retry.',
      },
    }),
  );
}
