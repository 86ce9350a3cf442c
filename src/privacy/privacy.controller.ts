import { Delete, Get, HttpCode, Param, Query, UseGuards } from '@nestjs/common';
import { CurrentCaller, RequireScope, RestController, type Caller } from '../api-keys';
import { EndUserQueryDto, NoTrailingSlashGuard, ReferenceIdPipe } from '../http';
import { ErasureDto } from './dto/erasure.dto';
import { EndUserExportDto } from './dto/export.dto';
import { ErasuresService } from './erasures.service';
import { ExportService } from './export.service';
import { ApiEraseEndUser, ApiExportEndUser, ApiReadErasure } from './privacy.openapi';

@RestController('v1/end-users', 'End users')
export class EndUsersController {
  constructor(
    private readonly erasures: ErasuresService,
    private readonly exports: ExportService,
  ) {}

  @Delete(':referenceId')
  @UseGuards(NoTrailingSlashGuard)
  @HttpCode(202)
  @RequireScope('admin')
  @ApiEraseEndUser('path')
  async erase(
    @Param('referenceId', ReferenceIdPipe) referenceId: string,
    @CurrentCaller() { apiKeyId }: Caller,
  ): Promise<ErasureDto> {
    return ErasureDto.from(await this.erasures.request(referenceId, apiKeyId));
  }

  @Delete()
  @HttpCode(202)
  @RequireScope('admin')
  @ApiEraseEndUser('query')
  eraseByQuery(
    @Query() { referenceId }: EndUserQueryDto,
    @CurrentCaller() caller: Caller,
  ): Promise<ErasureDto> {
    return this.erase(referenceId, caller);
  }

  @Get(':referenceId/export')
  @RequireScope('admin')
  @ApiExportEndUser('path')
  async export(@Param('referenceId', ReferenceIdPipe) referenceId: string): Promise<EndUserExportDto> {
    return EndUserExportDto.from(await this.exports.export(referenceId));
  }

  @Get('export')
  @RequireScope('admin')
  @ApiExportEndUser('query')
  exportByQuery(@Query() { referenceId }: EndUserQueryDto): Promise<EndUserExportDto> {
    return this.export(referenceId);
  }
}

@RestController('v1/erasures', 'End users')
export class ErasuresController {
  constructor(private readonly erasures: ErasuresService) {}

  @Get(':id')
  @RequireScope('admin')
  @ApiReadErasure()
  async get(@Param('id') id: string): Promise<ErasureDto> {
    return ErasureDto.from(await this.erasures.get(id));
  }
}
