import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { ApiProblems } from '../http';
import type { Scope } from './scopes';

export const REQUIRED_SCOPE = 'terra-connect:required-scope';

/** Names the scope that a route needs, for the guard and for the API docs. */
export function RequireScope(scope: Scope): MethodDecorator {
  return applyDecorators(
    SetMetadata(REQUIRED_SCOPE, scope),
    ApiExtension('x-required-scope', scope),
    ApiProblems({
      401: {
        'auth.missing_key': 'No `Authorization: Bearer` header came with the request.',
        'auth.invalid_key': 'The key is unknown or revoked.',
      },
      403: {
        'auth.missing_scope': {
          when: `The key lacks the scope \`${scope}\`.`,
          members: { requiredScope: scope },
        },
      },
    }),
  );
}
