import { Delete, Get, HttpCode, Param, ParseUUIDPipe, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiParam } from '@nestjs/swagger';
import { CurrentCaller, RequireScope, RestController, type Caller } from '../api-keys';
import { ApiProblems, NO_BODY_PROBLEMS, PageQueryDto } from '../http';
import { ConnectionHistoryService } from './connection-history.service';
import { ConnectionNotFoundError } from './connections.errors';
import { ConnectionsService } from './connections.service';
import { ConnectionPageDto } from './dto/connection-page.dto';
import { ConnectionDto } from './dto/connection.dto';
import { HistoryPageDto } from './dto/history-page.dto';
import { ListConnectionsDto } from './dto/list-connections.dto';

// An id that is no UUID names nothing, like one that nobody has: the same answer for both.
const CONNECTION_ID = new ParseUUIDPipe({
  exceptionFactory: () => new ConnectionNotFoundError('with this id'),
});
const ApiConnectionId = (): MethodDecorator =>
  ApiParam({
    name: 'id',
    format: 'uuid',
    description: 'Id of the connection; a former one too, if it was merged into another.',
    example: '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10',
  });
const NOT_FOUND = { 404: { 'connection.not_found': 'There is no such connection.' } };
const CURSOR_PROBLEM = {
  422: {
    'request.invalid': {
      when: 'A filter or the cursor cannot be accepted; `errors` names it.',
      members: { errors: [{ field: 'limit', detail: 'must be a whole number from 1 to 200' }] },
    },
  },
};

@RestController('v1/connections', 'Connections')
export class ConnectionsController {
  constructor(
    private readonly connections: ConnectionsService,
    private readonly histories: ConnectionHistoryService,
  ) {}

  /**
   * Lists connections
   * @remarks Which Terra user belongs to which of your end users, newest first.
   */
  @Get()
  @RequireScope('connections:read')
  @ApiOkResponse({ description: 'A page of the list.', type: ConnectionPageDto })
  @ApiProblems(CURSOR_PROBLEM)
  async list(@Query() filter: ListConnectionsDto): Promise<ConnectionPageDto> {
    return ConnectionPageDto.from(await this.connections.list(filter));
  }

  /** Reads one connection */
  @Get(':id')
  @RequireScope('connections:read')
  @ApiConnectionId()
  @ApiOkResponse({
    description: 'The connection; one that was merged into another is answered as that.',
    type: ConnectionDto,
  })
  @ApiProblems(NOT_FOUND)
  async get(@Param('id', CONNECTION_ID) id: string): Promise<ConnectionDto> {
    return ConnectionDto.from(await this.connections.get(id));
  }

  /**
   * Reads what has happened to a connection
   * @remarks Every piece of news about it, with its cause, whose doing it was and who brought it, newest first.
   */
  @Get(':id/history')
  @RequireScope('connections:read')
  @ApiConnectionId()
  @ApiOkResponse({ description: 'A page of the history.', type: HistoryPageDto })
  @ApiProblems({ ...NOT_FOUND, ...CURSOR_PROBLEM })
  async history(
    @Param('id', CONNECTION_ID) id: string,
    @Query() page: PageQueryDto,
  ): Promise<HistoryPageDto> {
    return HistoryPageDto.from(await this.histories.history(id, page));
  }

  /**
   * Disconnects an account
   * @remarks Here at once. At Terra, which then revokes its access at the provider, as soon as Terra confirms: the call is
   * repeated until it has. Doing it twice does no harm.
   */
  @Delete(':id')
  @HttpCode(202)
  @RequireScope('connections:write')
  @ApiConnectionId()
  @ApiAcceptedResponse({
    description: 'The connection: `disconnecting`, or `disconnected` if it had ended before.',
    type: ConnectionDto,
  })
  @ApiProblems({
    ...NOT_FOUND,
    409: { 'connection.changed': 'The account is being connected anew at this moment; repeat the request.' },
    ...NO_BODY_PROBLEMS,
  })
  async disconnect(
    @Param('id', CONNECTION_ID) id: string,
    @CurrentCaller() { apiKeyId: actor }: Caller,
  ): Promise<ConnectionDto> {
    return ConnectionDto.from(
      await this.connections.disconnect(id, { actor, reason: 'DELETE of the connection' }),
    );
  }
}
