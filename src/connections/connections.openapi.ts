import { applyDecorators } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ApiIdParam, ApiProblems, NO_BODY_PROBLEMS, PAGE_PROBLEM } from '../http';
import { ConnectionDto, ConnectionPageDto } from './dto/connection.dto';
import { HistoryPageDto } from './dto/history-page.dto';

const ApiConnectionIdParam = (): MethodDecorator =>
  ApiIdParam('Id of the connection. If it was merged into another connection, its former id works, too.');

const NOT_FOUND = { 404: { 'connection.not_found': 'No connection has this id.' } };

export const ApiListConnections = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'List connections',
      description: 'Returns which Terra user belongs to which of your end users, newest first.',
    }),
    ApiOkResponse({ description: 'A page of connections.', type: ConnectionPageDto }),
    ApiProblems(PAGE_PROBLEM),
  );

export const ApiReadConnection = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Read a connection',
      description: 'If the connection was merged into another connection, returns the other connection.',
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
        'Returns every fact about the connection with its cause, its origin and the source that reported it, newest first.',
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
        'The connection counts as ended at once. The service then calls Terra until Terra confirms, and Terra revokes its access at the provider. You can repeat this request safely.',
    }),
    ApiConnectionIdParam(),
    ApiAcceptedResponse({
      description:
        'The connection. Its status is `disconnecting`, or the status that it had if it had already ended.',
      type: ConnectionDto,
    }),
    ApiProblems({
      ...NOT_FOUND,
      409: { 'connection.changed': 'The account was reconnected during this request. Repeat the request.' },
      ...NO_BODY_PROBLEMS,
    }),
  );
