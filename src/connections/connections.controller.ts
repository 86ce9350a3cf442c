import { Delete, Get, Param, ParseUUIDPipe, Query } from '@nestjs/common';
import { ApiOkResponse, ApiParam } from '@nestjs/swagger';
import { RequireScope, RestController } from '../api-keys';
import { ApiProblems, TERRA_PROBLEMS } from '../common';
import { ConnectionNotFoundError } from './connections.errors';
import { ConnectionsService } from './connections.service';
import { ConnectionPageDto } from './dto/connection-page.dto';
import { ConnectionDto } from './dto/connection.dto';
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

@RestController('v1/connections', 'Connections')
export class ConnectionsController {
  constructor(private readonly connections: ConnectionsService) {}

  /**
   * Lists connections
   * @remarks Which Terra user belongs to which of your end users, newest first.
   */
  @Get()
  @RequireScope('connections:read')
  @ApiOkResponse({ description: 'A page of the list.', type: ConnectionPageDto })
  @ApiProblems({
    422: {
      'request.invalid': {
        when: 'A filter or the cursor cannot be accepted; `errors` names it.',
        members: { errors: [{ field: 'limit', detail: 'must be a whole number from 1 to 200' }] },
      },
    },
  })
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
   * Disconnects an account
   * @remarks At Terra, which then revokes its access at the provider, and here. Doing it twice does no harm.
   */
  @Delete(':id')
  @RequireScope('connections:write')
  @ApiConnectionId()
  @ApiOkResponse({ description: 'The connection, revoked.', type: ConnectionDto })
  @ApiProblems({
    ...NOT_FOUND,
    409: { 'connection.changed': 'The account is being connected anew at this moment; repeat the request.' },
    413: { 'request.too_large': 'A body of more than 1 MB came; none is needed.' },
    415: { 'request.unsupported_media_type': 'A body came, and not as application/json; none is needed.' },
    ...TERRA_PROBLEMS,
  })
  async disconnect(@Param('id', CONNECTION_ID) id: string): Promise<ConnectionDto> {
    return ConnectionDto.from(await this.connections.disconnect(id));
  }
}
