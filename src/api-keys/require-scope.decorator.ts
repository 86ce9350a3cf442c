import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { ApiProblems } from '../http';
import type { Scope } from './scopes';

export const REQUIRED_SCOPE = 'terra-connect:required-scope';

/** Sets the scope that a route needs, for the guard and for the API docs. */
export function RequireScope(scope: Scope): MethodDecorator {
  return applyDecorators(
    SetMetadata(REQUIRED_SCOPE, scope),
    ApiExtension('x-required-scope', scope),
    ApiProblems({
      401: {
        'auth.missing_key': 'The request has no API key. Send it as `Authorization: Bearer <key>`.',
        'auth.invalid_key': 'The API key is unknown or revoked. Use an active key.',
      },
      403: {
        'auth.missing_scope': {
          when: `The API key lacks the scope \`${scope}\`. Use a key with this scope.`,
          members: { requiredScope: scope },
        },
      },
    }),
  );
}
