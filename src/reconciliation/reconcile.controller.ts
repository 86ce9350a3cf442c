import { HttpCode, Param, Post, Query } from '@nestjs/common';
import { CurrentCaller, RequireScope, RestController, type Caller } from '../api-keys';
import { EndUserQueryDto, ReferenceIdPipe } from '../http';
import { ConnectionReconcilerService } from './connection-reconciler.service';
import { ReconcileReportDto } from './dto/reconcile-report.dto';
import { ApiReconcileEndUser } from './reconcile.openapi';

@RestController('v1/end-users', 'End users')
export class ReconcileController {
  constructor(private readonly reconciler: ConnectionReconcilerService) {}

  @Post(':referenceId/reconcile')
  @HttpCode(200)
  @RequireScope('connections:write')
  @ApiReconcileEndUser('path')
  async reconcile(
    @Param('referenceId', ReferenceIdPipe) referenceId: string,
    @CurrentCaller() { apiKeyId: actor }: Caller,
  ): Promise<ReconcileReportDto> {
    return ReconcileReportDto.from(
      await this.reconciler.reconcile(referenceId, { source: 'reconcile', actor }),
    );
  }

  @Post('reconcile')
  @HttpCode(200)
  @RequireScope('connections:write')
  @ApiReconcileEndUser('query')
  reconcileByQuery(
    @Query() { referenceId }: EndUserQueryDto,
    @CurrentCaller() caller: Caller,
  ): Promise<ReconcileReportDto> {
    return this.reconcile(referenceId, caller);
  }
}
