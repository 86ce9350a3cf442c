import type { Occasion } from './api-problem.decorator';

/** The problem of one or more rejected fields. `field` and `detail` are the example in the API docs. */
export const invalidField = (
  field: string,
  detail: string,
  when = 'A field is not valid. `errors` names the field and the reason.',
): Occasion => ({ when, members: { errors: [{ field, detail }] } });

const TOO_MANY_BODIES = {
  'request.too_many_bodies':
    'The service is reading as many large bodies as its memory allows. Wait for the seconds in Retry-After, then send the request again.',
};

/** The problems of every route with a JSON body. */
export const BODY_PROBLEMS = {
  400: { 'request.malformed': 'The body is not valid JSON in UTF-8.' },
  413: { 'request.too_large': 'The body is larger than 1 MB.' },
  415: {
    'request.unsupported_media_type':
      'The content type is not application/json. Send the body as application/json.',
    'request.unsupported_content_encoding':
      'The body has a Content-Encoding, such as gzip. Send the body without compression.',
  },
  503: TOO_MANY_BODIES,
};

/** The problems of a route that takes no body, but whose method allows one. */
export const NO_BODY_PROBLEMS = {
  413: { 'request.too_large': 'The request has a body of more than 1 MB. Send no body.' },
  415: {
    'request.unsupported_media_type': 'The request has a body that is not application/json. Send no body.',
  },
};

/** The problem of every route that returns a page of a list. */
export const PAGE_PROBLEM = {
  422: {
    'request.invalid': invalidField(
      'limit',
      'must be a whole number from 1 to 200',
      'A query parameter is not valid. `errors` names the parameter and the reason.',
    ),
  },
};

/** The problem of every route with the parameter `referenceId`. */
export const REFERENCE_ID_PROBLEM = {
  422: {
    'request.invalid': invalidField(
      'referenceId',
      'must not contain control characters',
      'The reference id is not valid. `errors` has the reason.',
    ),
  },
};
