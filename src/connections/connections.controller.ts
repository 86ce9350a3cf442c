import { Body, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CurrentCaller, RequireScope, RestController, type Caller } from '../api-keys';
import { PageQueryDto, uuidParam } from '../http';
import { ConnectionHistoryService } from './connection-history.service';
import { ConnectionNotFoundError } from './connections.errors';
import {
  ApiAcceptOwner,
  ApiDisconnectConnection,
  ApiListConnections,
  ApiReadConnection,
  ApiReadConnectionHistory,
} from './connections.openapi';
import { ConnectionsService } from './connections.service';
import { AcceptOwnerDto } from './dto/accept-owner.dto';
import { ConnectionDto, ConnectionPageDto } from './dto/connection.dto';
import { HistoryPageDto } from './dto/history-page.dto';
import { ListConnectionsDto } from './dto/list-connections.dto';
import { OwnerAcceptanceService } from './owner-acceptance.service';

const CONNECTION_ID = uuidParam(() => new ConnectionNotFoundError('with this id'));

@RestController('v1/connections', 'Connections')
export class ConnectionsController {
  constructor(
    private readonly connections: ConnectionsService,
    private readonly histories: ConnectionHistoryService,
    private readonly owners: OwnerAcceptanceService,
  ) {}

  @Get()
  @RequireScope('connections:read')
  @ApiListConnections()
  async list(@Query() filter: ListConnectionsDto): Promise<ConnectionPageDto> {
    return ConnectionPageDto.from(await this.connections.list(filter));
  }

  @Get(':id')
  @RequireScope('connections:read')
  @ApiReadConnection()
  async get(@Param('id', CONNECTION_ID) id: string): Promise<ConnectionDto> {
    return ConnectionDto.from(await this.connections.get(id));
  }

  @Get(':id/history')
  @RequireScope('connections:read')
  @ApiReadConnectionHistory()
  async history(
    @Param('id', CONNECTION_ID) id: string,
    @Query() page: PageQueryDto,
  ): Promise<HistoryPageDto> {
    return HistoryPageDto.from(await this.histories.history(id, page));
  }

  @Post(':id/accept-owner')
  @HttpCode(200)
  @RequireScope('admin')
  @ApiAcceptOwner()
  async acceptOwner(
    @Param('id', CONNECTION_ID) id: string,
    @Body() acceptance: AcceptOwnerDto,
    @CurrentCaller() { apiKeyId: actor }: Caller,
  ): Promise<ConnectionDto> {
    return ConnectionDto.from(await this.owners.accept(id, { ...acceptance, actor }));
  }

  @Delete(':id')
  @HttpCode(202)
  @RequireScope('connections:write')
  @ApiDisconnectConnection()
  async disconnect(
    @Param('id', CONNECTION_ID) id: string,
    @CurrentCaller() { apiKeyId: actor }: Caller,
  ): Promise<ConnectionDto> {
    return ConnectionDto.from(
      await this.connections.disconnect(id, { actor, reason: 'DELETE of the connection' }),
    );
  }
}
