import { Get, Param, Query } from '@nestjs/common';
import { RequireScope, RestController } from '../api-keys';
import { EndUserQueryDto, ReferenceIdPipe } from '../http';
import { ApiDiagnoseEndUser } from './diagnosis.openapi';
import { DiagnosisService } from './diagnosis.service';
import { DiagnosisDto } from './dto/diagnosis.dto';

@RestController('v1/end-users', 'End users')
export class DiagnosisController {
  constructor(private readonly diagnoses: DiagnosisService) {}

  @Get(':referenceId/diagnosis')
  @RequireScope('connections:read')
  @ApiDiagnoseEndUser('path')
  async diagnose(@Param('referenceId', ReferenceIdPipe) referenceId: string): Promise<DiagnosisDto> {
    return DiagnosisDto.from(await this.diagnoses.diagnose(referenceId));
  }

  @Get('diagnosis')
  @RequireScope('connections:read')
  @ApiDiagnoseEndUser('query')
  diagnoseByQuery(@Query() { referenceId }: EndUserQueryDto): Promise<DiagnosisDto> {
    return this.diagnose(referenceId);
  }
}
