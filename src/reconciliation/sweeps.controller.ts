import { Body, Get, HttpCode, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiParam } from '@nestjs/swagger';
import { CurrentCaller, RequireScope, RestController, type Caller } from '../api-keys';
import { ApiProblems, PageQueryDto } from '../http';
import { StartSweepDto } from './dto/start-sweep.dto';
import { SweepDto, SweepPageDto, SweepReportDto } from './dto/sweep.dto';
import { SweepNotFoundError } from './reconciliation.errors';
import { SweepsService } from './sweeps.service';

// An id that is no UUID names nothing, like one that nobody has: the same answer for both.
const SWEEP_ID = new ParseUUIDPipe({ exceptionFactory: () => new SweepNotFoundError('with this id') });

@RestController('v1/sweeps', 'Sweeps')
export class SweepsController {
  constructor(private readonly sweeps: SweepsService) {}

  /**
   * Starts a sweep
   * @remarks Reads all of Terra's users and sets right what differs. A worker does it; read the sweep to follow it. One
   * that failed lately is gone on with.
   */
  @Post()
  @HttpCode(202)
  @RequireScope('admin')
  @ApiAcceptedResponse({ description: 'The sweep that a worker will take up.', type: SweepDto })
  @ApiProblems({
    400: { 'request.malformed': 'The body is not JSON.' },
    409: { 'sweep.running': 'A sweep is running already.' },
    413: { 'request.too_large': 'The body is larger than 1 MB.' },
    415: { 'request.unsupported_media_type': 'The body is not sent as application/json.' },
    422: {
      'request.invalid': {
        when: 'A field cannot be accepted; `errors` names it.',
        members: { errors: [{ field: 'dryRun', detail: 'must be true or false' }] },
      },
    },
  })
  async start(@Body() request: StartSweepDto, @CurrentCaller() caller: Caller): Promise<SweepDto> {
    return SweepDto.from(await this.sweeps.start({ ...request, actor: caller.apiKeyId }));
  }

  /** Lists sweeps */
  @Get()
  @RequireScope('admin')
  @ApiOkResponse({ description: 'A page of the list.', type: SweepPageDto })
  @ApiProblems({
    422: {
      'request.invalid': {
        when: 'The limit or the cursor cannot be accepted; `errors` names it.',
        members: { errors: [{ field: 'limit', detail: 'must be a whole number from 1 to 200' }] },
      },
    },
  })
  async list(@Query() query: PageQueryDto): Promise<SweepPageDto> {
    return SweepPageDto.from(await this.sweeps.list(query));
  }

  /** Reads one sweep, with what it has found */
  @Get(':id')
  @RequireScope('admin')
  @ApiParam({
    name: 'id',
    format: 'uuid',
    description: 'Id of the sweep.',
    example: '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10',
  })
  @ApiOkResponse({
    description: 'The sweep as it is now, with the first of its findings.',
    type: SweepReportDto,
  })
  @ApiProblems({ 404: { 'sweep.not_found': 'There is no such sweep.' } })
  async get(@Param('id', SWEEP_ID) id: string): Promise<SweepReportDto> {
    return SweepReportDto.of(await this.sweeps.report(id));
  }
}
