import { Body, Get, Headers, Param, ParseUUIDPipe, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiParam } from '@nestjs/swagger';
import { CurrentCaller, RequireScope, RestController, type Caller } from '../api-keys';
import { ApiProblems } from '../http';
import { TERRA_PROBLEMS } from '../terra';
import { ConnectSessionNotFoundError } from './connect-sessions.errors';
import { ConnectSessionsService, type ConnectSessionWithOutcome } from './connect-sessions.service';
import { ConnectSessionDto } from './dto/connect-session.dto';
import { CreateConnectSessionDto } from './dto/create-connect-session.dto';
import { readIdempotencyKey } from './idempotency';

// An id that is no UUID names nothing, like one that nobody has: the same answer for both.
const SESSION_ID = new ParseUUIDPipe({ exceptionFactory: () => new ConnectSessionNotFoundError() });

@RestController('v1/connect-sessions', 'Connect sessions')
export class ConnectSessionsController {
  constructor(private readonly sessions: ConnectSessionsService) {}

  /**
   * Starts to connect a device
   * @remarks Makes a session at Terra. Send the person's browser to `connectUrl`; it comes back to `returnUrl`.
   */
  @Post()
  @RequireScope('sessions:write')
  @ApiCreatedResponse({
    description: 'The session, new or (by Idempotency-Key) made before.',
    type: ConnectSessionDto,
  })
  @ApiHeader({
    // As the parameter below spells it, so that the document holds one header and not two.
    name: 'idempotency-key',
    required: false,
    description:
      'Your name for this request, 1 to 255 visible ASCII characters. Repeating the request with it gives the same session instead of a second one.',
    schema: {
      type: 'string',
      pattern: '^[\\x21-\\x7e]{1,255}$',
      example: 'c0ffee00-7b1a-7c3e-9d55-0f2b6f1c9a10',
    },
  })
  @ApiProblems({
    400: { 'request.malformed': 'The body is not JSON.' },
    404: { 'connection.not_found': 'This end user has no connection with the id `connectionId`.' },
    409: {
      'idempotency.in_flight': 'The first request with this key has not been answered yet; repeat it.',
      'connection.disconnecting': 'The connection is being ended; repeat the request once it has.',
    },
    413: { 'request.too_large': 'The body is larger than 1 MB.' },
    415: { 'request.unsupported_media_type': 'The body is not sent as application/json.' },
    422: {
      'request.invalid': {
        when: 'A field cannot be accepted; `errors` names it.',
        members: { errors: [{ field: 'referenceId', detail: 'must have 1 to 255 characters' }] },
      },
      'session.return_url_not_allowed': {
        when: 'A return URL is not within RETURN_URLS; `errors` names its field.',
        members: {
          errors: [{ field: 'returnUrl', detail: 'is not in the list of allowed return URLs (RETURN_URLS)' }],
        },
      },
      'provider.unknown': {
        when: 'The account does not offer a provider; `availableProviders` lists those that it does.',
        members: { unknownProviders: ['GRAMIN'], availableProviders: ['GARMIN', 'OURA'] },
      },
      'idempotency.key_reused': 'The key was used for another request.',
    },
    ...TERRA_PROBLEMS,
  })
  async create(
    @Body() request: CreateConnectSessionDto,
    @CurrentCaller() caller: Caller,
    @Headers('idempotency-key') idempotencyKey?: string,
  ): Promise<ConnectSessionDto> {
    const options = { apiKeyId: caller.apiKeyId, idempotencyKey: readIdempotencyKey(idempotencyKey) };
    return this.toDto(await this.sessions.create(request, options));
  }

  /** Reads a session and its outcome */
  @Get(':id')
  @RequireScope('sessions:read')
  @ApiParam({
    name: 'id',
    format: 'uuid',
    description: 'Id of the session.',
    example: '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10',
  })
  @ApiOkResponse({
    description: 'The session as it is now, with the connections that it made.',
    type: ConnectSessionDto,
  })
  @ApiProblems({ 404: { 'session.not_found': 'There is no such session.' } })
  async get(@Param('id', SESSION_ID) id: string): Promise<ConnectSessionDto> {
    return this.toDto(await this.sessions.get(id));
  }

  private toDto({ session, connections }: ConnectSessionWithOutcome): ConnectSessionDto {
    return ConnectSessionDto.from(session, this.sessions.connectUrlOf(session), connections);
  }
}
