import { HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiParam } from '@nestjs/swagger';
import { CurrentCaller, RequireScope, RestController, type Caller } from '../api-keys';
import { ApiProblems, REFERENCE_ID_MAX_LENGTH, ReferenceIdPipe, TERRA_PROBLEMS } from '../common';
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
  @ApiParam({
    name: 'referenceId',
    description: 'Your id of the end user, percent-encoded.',
    schema: {
      type: 'string',
      minLength: 1,
      maxLength: REFERENCE_ID_MAX_LENGTH,
      example: 'user-4711',
    },
  })
  @ApiOkResponse({ description: 'What differed, and what was done about it.', type: ReconcileReportDto })
  @ApiProblems({
    413: { 'request.too_large': 'A body of more than 1 MB came; none is needed.' },
    415: { 'request.unsupported_media_type': 'A body came, and not as application/json; none is needed.' },
    422: {
      'request.invalid': {
        when: 'The reference id cannot be accepted.',
        members: { errors: [{ field: 'referenceId', detail: 'must not hold control characters' }] },
      },
    },
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
