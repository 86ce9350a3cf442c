import { applyDecorators } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { EXAMPLE_ID, EXAMPLE_TERRA_USER_ID } from '../http';

/** Documents the HTML pages that the end user may see, by status. Every route may also answer 500 and 503. */
const ApiPages = (pages: Record<number, string>): MethodDecorator =>
  applyDecorators(
    ...Object.entries({
      ...pages,
      429: 'Too many requests came from this address. Load the page again after Retry-After.',
      500: 'The service failed. Load the page again later.',
      503: 'The service cannot reach Postgres. Load the page again after Retry-After.',
    }).map(([status, description]) =>
      ApiResponse({
        status: Number(status),
        description: `A page. ${description}`,
        content: { 'text/html': { schema: { type: 'string' } } },
      }),
    ),
  );

const CALLBACK_PARAMETERS = [
  {
    name: 'user_id',
    description:
      "Terra's `user_id`. It is not signed, so the service asks Terra before it connects an account.",
    example: EXAMPLE_TERRA_USER_ID,
  },
  {
    name: 'reference_id',
    description: 'Ignored: the session determines the end user.',
    example: 'user-4711',
  },
  { name: 'resource', description: 'Ignored: the service asks Terra for the provider.', example: 'GARMIN' },
  { name: 'reason', description: 'Why the attempt failed, as free text.', example: 'access_denied' },
];

const ApiCallback = (summary: string, description: string): MethodDecorator =>
  applyDecorators(
    ApiOperation({ summary, description }),
    ApiParam({
      name: 'nonce',
      description:
        'Secret of the session, from the redirect URL that the service has given to Terra. Nothing has the nonce of the example: the service answers 404.',
      schema: { type: 'string', example: 'an-unknown-nonce' },
    }),
    ...CALLBACK_PARAMETERS.map(({ example, ...parameter }) =>
      ApiQuery({ ...parameter, required: false, schema: { type: 'string', example } }),
    ),
    ApiResponse({
      status: 303,
      description: 'Redirect to your return URL, with `session_id` and `status` added.',
    }),
    ApiPages({
      200: 'It shows the result and leads to your app, if the return URL has a scheme of an app.',
      404: 'The link is unknown.',
      410: 'The link has expired.',
    }),
  );

export const ApiReturnFromSuccess = (): MethodDecorator =>
  ApiCallback(
    'Return from the widget after a success',
    'Terra redirects the browser to this URL. The service asks Terra whether the account is connected. If Terra does not confirm it yet, `status` is `pending`.',
  );

export const ApiReturnFromFailure = (): MethodDecorator =>
  ApiCallback(
    'Return from the widget after a failure',
    'Terra redirects the browser to this URL. The session is then `failed` or `cancelled`, unless an account is connected.',
  );

const ApiLinkToken = (): MethodDecorator =>
  ApiParam({
    name: 'token',
    description:
      'The last part of `connectUrl`. Nothing has the token of the example: the service answers 404. Open a real link in its own tab: a page cannot follow a redirect to another origin.',
    schema: { type: 'string', example: 'an-unknown-token' },
  });

export const ApiOpenWidget = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Open the widget',
      description: "Sends the browser to Terra's widget and records that the session was opened.",
    }),
    ApiLinkToken(),
    ApiResponse({ status: 302, description: "Redirect to Terra's widget." }),
    ApiPages({
      404: 'The link is unknown.',
      410: 'The session of the link has ended or expired. If it is renewable, the page has a button that makes a fresh one.',
    }),
  );

export const ApiRenewLink = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Renew an expired link',
      description:
        'The button on the page of an expired link sends this request, if the session was created with `renewable`. It makes a session of the same settings. The first session names it in `renewedBy`, and its link leads to it from now on.',
    }),
    ApiLinkToken(),
    ApiPages({
      200: "The page leads to Terra's widget.",
      404: 'The link is unknown.',
      410: 'The session of the link has ended, or cannot be renewed.',
      502: 'Terra rejects the service. Try again later.',
      504: 'Terra did not answer in time. Try again.',
    }),
  );

export const ApiShowResult = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Show the result of a session',
      description:
        'The browser comes here after the widget if the session has no return URL. The page shows the status of the session, its provider, and the way back to your app.',
    }),
    ApiQuery({
      name: 'session_id',
      description: 'Id of the session. Nothing has the id of the example: the service answers 404.',
      schema: { type: 'string', format: 'uuid', example: EXAMPLE_ID },
    }),
    ApiPages({
      200: 'The page shows the result: connected, not connected, cancelled or pending. A pending page reloads itself.',
      404: 'The session is unknown.',
    }),
  );
