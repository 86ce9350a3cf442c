import { Body, Get, Headers, Param, Post, Query } from '@nestjs/common';
import { CurrentCaller, RequireScope, RestController, type Caller } from '../api-keys';
import { uuidParam } from '../http';
import { LimitedCreation } from './client-limit.guard';
import { ConnectSessionNotFoundError } from './connect-sessions.errors';
import {
  ApiCreateConnectSession,
  ApiListConnectSessions,
  ApiReadConnectSession,
} from './connect-sessions.openapi';
import { ConnectSessionsService } from './connect-sessions.service';
import { ConnectSessionDto, ConnectSessionPageDto } from './dto/connect-session.dto';
import { CreateConnectSessionDto } from './dto/create-connect-session.dto';
import { ListConnectSessionsDto } from './dto/list-connect-sessions.dto';
import { readIdempotencyKey } from './idempotency';

const SESSION_ID = uuidParam(() => new ConnectSessionNotFoundError());

@RestController('v1/connect-sessions', 'Connect sessions')
export class ConnectSessionsController {
  constructor(private readonly sessions: ConnectSessionsService) {}

  @Post()
  @RequireScope('sessions:write')
  @LimitedCreation()
  @ApiCreateConnectSession()
  async create(
    @Body() request: CreateConnectSessionDto,
    @CurrentCaller() { apiKeyId }: Caller,
    @Headers('idempotency-key') key?: string,
  ): Promise<ConnectSessionDto> {
    return ConnectSessionDto.from(
      await this.sessions.create(request, { apiKeyId, idempotencyKey: readIdempotencyKey(key) }),
    );
  }

  @Get()
  @RequireScope('sessions:read')
  @ApiListConnectSessions()
  async list(@Query() filter: ListConnectSessionsDto): Promise<ConnectSessionPageDto> {
    return ConnectSessionPageDto.from(await this.sessions.list(filter));
  }

  @Get(':id')
  @RequireScope('sessions:read')
  @ApiReadConnectSession()
  async get(@Param('id', SESSION_ID) id: string): Promise<ConnectSessionDto> {
    return ConnectSessionDto.from(await this.sessions.get(id));
  }
}
