import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ApiIdParam, ApiProblems, BODY_PROBLEMS, invalidField, PAGE_PROBLEM } from '../http';
import { TERRA_PROBLEMS } from '../terra';
import { ConnectSessionDto, ConnectSessionPageDto } from './dto/connect-session.dto';
import { CreateConnectSessionDto } from './dto/create-connect-session.dto';

export const ApiCreateConnectSession = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Create a connect session',
      description:
        "Creates a session for one end user. Send the end user's browser to `connectUrl`, which leads to Terra's widget. The browser then returns to `returnUrl`.",
    }),
    ApiHeader({
      // Must be spelled like the controller's parameter; otherwise the document lists the header twice.
      name: 'idempotency-key',
      required: false,
      description:
        'A key that you choose for this request, 1 to 255 visible ASCII characters. If you repeat the request with the same key, you get the same session instead of a second one.',
      schema: {
        type: 'string',
        pattern: '^[\\x21-\\x7e]{1,255}$',
      },
    }),
    ApiBody({
      type: CreateConnectSessionDto,
      examples: {
        anyProvider: { summary: 'Any provider', value: { referenceId: 'user-4711' } },
        oneProvider: {
          summary: 'One provider, without a choice in the widget',
          value: { referenceId: 'user-4711', providers: ['GARMIN'], language: 'en' },
        },
      },
    }),
    ApiCreatedResponse({
      description: 'The session. With a repeated Idempotency-Key, the session of the first request.',
      type: ConnectSessionDto,
    }),
    ApiProblems({
      ...BODY_PROBLEMS,
      404: { 'connection.not_found': 'This end user has no connection with the id in `connectionId`.' },
      409: {
        'idempotency.in_flight':
          'The first request with this Idempotency-Key is still in progress. Repeat the request in a moment.',
        'connection.disconnecting':
          'The connection is disconnecting. Retry when its status is `disconnected`.',
      },
      422: {
        'request.invalid': invalidField('referenceId', 'must have 1 to 255 characters'),
        'session.return_url_not_allowed': invalidField(
          'returnUrl',
          'is not in the list of allowed return URLs (RETURN_URLS)',
          'A return URL is not in the list RETURN_URLS. `errors` names the field. Use a listed URL.',
        ),
        'provider.unknown': {
          when: 'Your Terra account does not offer one of the providers. Choose from `availableProviders`, or enable these providers.',
          members: { unknownProviders: ['GRAMIN'], availableProviders: ['GARMIN', 'OURA'] },
        },
        'idempotency.key_reused':
          'Another request has used this Idempotency-Key. Use a new key for a new request.',
      },
    }),
    ApiProblems(TERRA_PROBLEMS),
  );

export const ApiListConnectSessions = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'List connect sessions',
      description:
        'Returns sessions, newest first, each with its current status and the connections that it made.',
    }),
    ApiOkResponse({ description: 'A page of sessions.', type: ConnectSessionPageDto }),
    ApiProblems(PAGE_PROBLEM),
  );

export const ApiReadConnectSession = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({ summary: 'Read a connect session', description: 'Returns the session with its outcome.' }),
    ApiIdParam('Id of the session', 'POST /v1/connect-sessions'),
    ApiOkResponse({
      description: 'The session with its current status and the connections that it made.',
      type: ConnectSessionDto,
    }),
    ApiProblems({ 404: { 'session.not_found': 'No connect session has this id.' } }),
  );
