import { Delete, Get, HttpCode, Param } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiParam } from '@nestjs/swagger';
import { CurrentCaller, RequireScope, RestController, type Caller } from '../api-keys';
import {
  ApiProblems,
  ApiReferenceId,
  NO_BODY_PROBLEMS,
  REFERENCE_ID_PROBLEM,
  ReferenceIdPipe,
} from '../http';
import { EndUserExportDto } from './dto/export.dto';
import { ErasureDto } from './dto/erasure.dto';
import { ErasuresService } from './erasures.service';
import { ExportService } from './export.service';

@RestController('v1/end-users', 'End users')
export class EndUsersController {
  constructor(
    private readonly erasures: ErasuresService,
    private readonly exports: ExportService,
  ) {}

  /**
   * Erases an end user
   * @remarks Their connections end here at once, and news of before is not taken in any more. When Terra has confirmed the
   * end of every account, all rows about them are deleted or made unreadable, and the erasure becomes the receipt. Asking
   * again while it is pending gives the same one.
   */
  @Delete(':referenceId')
  @HttpCode(202)
  @RequireScope('admin')
  @ApiReferenceId()
  @ApiAcceptedResponse({ description: 'The erasure.', type: ErasureDto })
  @ApiProblems({
    ...NO_BODY_PROBLEMS,
    ...REFERENCE_ID_PROBLEM,
  })
  async erase(
    @Param('referenceId', ReferenceIdPipe) referenceId: string,
    @CurrentCaller() { apiKeyId }: Caller,
  ): Promise<ErasureDto> {
    return ErasureDto.from(await this.erasures.request(referenceId, apiKeyId));
  }

  /**
   * Gives everything that is held about an end user
   * @remarks As one document, read at one moment, without secrets.
   */
  @Get(':referenceId/export')
  @RequireScope('admin')
  @ApiReferenceId()
  @ApiOkResponse({ description: 'All of it.', type: EndUserExportDto })
  @ApiProblems({
    404: { 'end_user.not_found': 'Nothing is held about this end user.' },
    ...REFERENCE_ID_PROBLEM,
  })
  async export(@Param('referenceId', ReferenceIdPipe) referenceId: string): Promise<EndUserExportDto> {
    return EndUserExportDto.from(await this.exports.export(referenceId));
  }
}

@RestController('v1/erasures', 'End users')
export class ErasuresController {
  constructor(private readonly erasures: ErasuresService) {}

  /** Reads an erasure, which in the end is the receipt */
  @Get(':id')
  @RequireScope('admin')
  @ApiParam({
    name: 'id',
    format: 'uuid',
    description: 'Id of the erasure.',
    example: '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10',
  })
  @ApiOkResponse({ description: 'The erasure as it is now.', type: ErasureDto })
  @ApiProblems({ 404: { 'erasure.not_found': 'There is no such erasure.' } })
  async get(@Param('id') id: string): Promise<ErasureDto> {
    return ErasureDto.from(await this.erasures.get(id));
  }
}
