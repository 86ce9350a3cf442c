import { applyDecorators } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import {
  ApiIdParam,
  ApiProblems,
  BODY_PROBLEMS,
  invalidField,
  NO_BODY_PROBLEMS,
  PAGE_PROBLEM,
} from '../http';
import { TERRA_PROBLEMS } from '../terra';
import { AcceptOwnerDto } from './dto/accept-owner.dto';
import { ConnectionDto, ConnectionPageDto } from './dto/connection.dto';
import { HistoryPageDto } from './dto/history-page.dto';

const ApiConnectionIdParam = (): MethodDecorator =>
  ApiIdParam('Id of the connection or of a connection that was merged into it', 'GET /v1/connections');

const NOT_FOUND = { 404: { 'connection.not_found': 'No connection has this id.' } };

export const ApiListConnections = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'List connections',
      description:
        'Returns connections, newest first. Each names its Terra user and its end user. With `updatedSince`, returns the connections that changed since then, including ended ones: no change is ever missing, also if it was committed late. A connection that changes while you read pages appears again. Connections that were merged or erased are not listed.',
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

export const ApiAcceptOwner = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Accept the end user that Terra names',
      description:
        'Use this after you have corrected the reference id of an account on Terra, when a reconcile reports `owner_conflict`. Asks Terra which end user has the account, and makes this end user the owner: the connection becomes `moved`, and the end user gets a connection of its own. You can safely repeat this request.',
    }),
    ApiConnectionIdParam(),
    ApiBody({
      type: AcceptOwnerDto,
      examples: {
        accept: {
          summary: 'Accept any end user that Terra names',
          value: { reason: 'The reference id was wrong in an import and is corrected at Terra.' },
        },
      },
    }),
    ApiOkResponse({
      description: 'The connection of the end user that Terra names.',
      type: ConnectionDto,
    }),
    ApiProblems({
      ...BODY_PROBLEMS,
      ...NOT_FOUND,
      409: {
        'connection.not_in_use':
          'The connection has ended or is about to end. Ask the end user to connect the account.',
        'connection.owner_unknown':
          'Terra does not have the Terra user, or names no end user for it. Set the reference id at Terra, then retry.',
        'connection.owner_differs':
          'Terra names another end user than `referenceId`. Check the reference id at Terra, then retry.',
        'connection.owner_erased':
          'The end user that Terra names, or the present owner, is erased. Deauthenticate the Terra user at Terra, or let the end user connect the account again.',
      },
      422: {
        'request.invalid': invalidField('reason', 'must be text that says why'),
      },
    }),
    ApiProblems(TERRA_PROBLEMS),
  );
