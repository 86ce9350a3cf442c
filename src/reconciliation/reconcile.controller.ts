import { HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { CurrentCaller, RequireScope, RestController, type Caller } from '../api-keys';
import {
  ApiProblems,
  ApiReferenceId,
  NO_BODY_PROBLEMS,
  REFERENCE_ID_PROBLEM,
  ReferenceIdPipe,
} from '../http';
import { TERRA_PROBLEMS } from '../terra';
import { ConnectionReconcilerService } from './connection-reconciler.service';
import { ReconcileReportDto } from './dto/reconcile-report.dto';

@RestController('v1/end-users', 'End users')
export class ReconcileController {
  constructor(private readonly reconciler: ConnectionReconcilerService) {}

  /**
   * Compares an end user with Terra
   * @remarks Asks Terra for all accounts under the reference, and sets right what differs. It runs by itself on a
   * schedule and when data stops; ask for it when you cannot wait. If Terra does not answer, nothing is changed.
   */
  @Post(':referenceId/reconcile')
  @HttpCode(200)
  @RequireScope('connections:write')
  @ApiReferenceId()
  @ApiOkResponse({ description: 'What differed, and what was done about it.', type: ReconcileReportDto })
  @ApiProblems({
    ...NO_BODY_PROBLEMS,
    ...REFERENCE_ID_PROBLEM,
    ...TERRA_PROBLEMS,
  })
  async reconcile(
    @Param('referenceId', ReferenceIdPipe) referenceId: string,
    @CurrentCaller() caller: Caller,
  ): Promise<ReconcileReportDto> {
    const asked = { source: 'reconcile', actor: caller.apiKeyId } as const;
    return ReconcileReportDto.from(await this.reconciler.reconcile(referenceId, asked));
  }
}
