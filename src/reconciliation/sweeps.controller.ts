import { Body, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CurrentCaller, RequireScope, RestController, type Caller } from '../api-keys';
import { PageQueryDto, uuidParam } from '../http';
import { StartSweepDto } from './dto/start-sweep.dto';
import { SweepDto, SweepPageDto, SweepReportDto } from './dto/sweep.dto';
import { SweepNotFoundError } from './reconciliation.errors';
import { ApiListSweeps, ApiReadSweep, ApiStartSweep } from './sweeps.openapi';
import { SweepsService } from './sweeps.service';

const SWEEP_ID = uuidParam(() => new SweepNotFoundError('with this id'));

@RestController('v1/sweeps', 'Sweeps')
export class SweepsController {
  constructor(private readonly sweeps: SweepsService) {}

  @Post()
  @HttpCode(202)
  @RequireScope('admin')
  @ApiStartSweep()
  async start(@Body() request: StartSweepDto, @CurrentCaller() caller: Caller): Promise<SweepDto> {
    return SweepDto.from(await this.sweeps.start({ ...request, actor: caller.apiKeyId }));
  }

  @Get()
  @RequireScope('admin')
  @ApiListSweeps()
  async list(@Query() query: PageQueryDto): Promise<SweepPageDto> {
    return SweepPageDto.from(await this.sweeps.list(query));
  }

  @Get(':id')
  @RequireScope('admin')
  @ApiReadSweep()
  async get(@Param('id', SWEEP_ID) id: string): Promise<SweepReportDto> {
    return SweepReportDto.of(await this.sweeps.report(id));
  }
}
