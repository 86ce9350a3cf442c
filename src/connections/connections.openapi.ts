import { applyDecorators } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ApiIdParam, ApiProblems, NO_BODY_PROBLEMS, PAGE_PROBLEM } from '../http';
import { ConnectionDto, ConnectionPageDto } from './dto/connection.dto';
import { HistoryPageDto } from './dto/history-page.dto';

const ApiConnectionIdParam = (): MethodDecorator =>
  ApiIdParam('Id of the connection or of a connection that was merged into it', 'GET /v1/connections');

const NOT_FOUND = { 404: { 'connection.not_found': 'No connection has this id.' } };

export const ApiListConnections = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'List connections',
      description: 'Returns connections, newest first. Each names its Terra user and its end user.',
    }),
    ApiOkResponse({ description: 'A page of connections.', type: ConnectionPageDto }),
    ApiProblems(PAGE_PROBLEM),
  );

export const ApiReadConnection = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Read a connection',
      description:
        'Returns the connection. For a merged connection, returns the connection that it was merged into.',
    }),
    ApiConnectionIdParam(),
    ApiOkResponse({ description: 'The connection.', type: ConnectionDto }),
    ApiProblems(NOT_FOUND),
  );

export const ApiReadConnectionHistory = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Read the history of a connection',
      description:
        'Returns the facts about the connection, newest first: each with its cause, its origin and its source.',
    }),
    ApiConnectionIdParam(),
    ApiOkResponse({ description: 'A page of the history.', type: HistoryPageDto }),
    ApiProblems({ ...NOT_FOUND, ...PAGE_PROBLEM }),
  );

export const ApiDisconnectConnection = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Disconnect an account',
      description:
        'Ends the connection. It counts as ended at once. The service then calls Terra until Terra confirms the end; Terra revokes its access at the provider. You can safely repeat this request.',
    }),
    ApiConnectionIdParam(),
    ApiAcceptedResponse({
      description:
        'The connection. Its status is `disconnecting`. A connection that had already ended keeps its status.',
      type: ConnectionDto,
    }),
    ApiProblems({
      ...NOT_FOUND,
      409: { 'connection.changed': 'The account was reconnected during this request. Repeat the request.' },
      ...NO_BODY_PROBLEMS,
    }),
  );
