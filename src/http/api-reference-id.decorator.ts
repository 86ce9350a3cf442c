import { ApiParam } from '@nestjs/swagger';
import { REFERENCE_ID_MAX_LENGTH } from '../common';

/** Documents a reference id in a path, which {@link ReferenceIdPipe} checks. */
export const ApiReferenceId = (): MethodDecorator =>
  ApiParam({
    name: 'referenceId',
    description: 'Your id of the end user, percent-encoded.',
    schema: { type: 'string', minLength: 1, maxLength: REFERENCE_ID_MAX_LENGTH, example: 'user-4711' },
  });

/** What such a route may answer to an id that is none. */
export const REFERENCE_ID_PROBLEM = {
  422: {
    'request.invalid': {
      when: 'The reference id cannot be accepted.',
      members: { errors: [{ field: 'referenceId', detail: 'must not hold control characters' }] },
    },
  },
};

/** What a route that needs no body may answer to one that comes all the same. */
export const NO_BODY_PROBLEMS = {
  413: { 'request.too_large': 'A body of more than 1 MB came; none is needed.' },
  415: { 'request.unsupported_media_type': 'A body came, and not as application/json; none is needed.' },
};
