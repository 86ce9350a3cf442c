import { Get, Param } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { RequireScope, RestController } from '../api-keys';
import { ApiProblems, ApiReferenceId, REFERENCE_ID_PROBLEM, ReferenceIdPipe } from '../http';
import { DiagnosisService } from './diagnosis.service';
import { DiagnosisDto } from './dto/diagnosis.dto';

@RestController('v1/end-users', 'End users')
export class DiagnosisController {
  constructor(private readonly diagnoses: DiagnosisService) {}

  /**
   * Says why an end user is not connected
   * @remarks Sessions, returns, webhooks, identities and what Terra says, with plain conclusions on top: what is the
   * matter, and what to do. Changes nothing. It answers also when Terra does not, and for somebody who is unknown.
   */
  @Get(':referenceId/diagnosis')
  @RequireScope('connections:read')
  @ApiReferenceId()
  @ApiOkResponse({ description: 'The diagnosis.', type: DiagnosisDto })
  @ApiProblems(REFERENCE_ID_PROBLEM)
  async diagnose(@Param('referenceId', ReferenceIdPipe) referenceId: string): Promise<DiagnosisDto> {
    return DiagnosisDto.from(await this.diagnoses.diagnose(referenceId));
  }
}
