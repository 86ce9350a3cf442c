import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import {
  ApiEndUserOperation,
  ApiProblems,
  NO_BODY_PROBLEMS,
  REFERENCE_ID_PROBLEM,
  type ReferenceIdPlace,
} from '../http';
import { TERRA_PROBLEMS } from '../terra';
import { ReconcileReportDto } from './dto/reconcile-report.dto';

export const ApiReconcileEndUser = (place: ReferenceIdPlace): MethodDecorator =>
  applyDecorators(
    ApiEndUserOperation(place, {
      summary: 'Reconcile an end user',
      description:
        'Asks Terra for all Terra users under the reference id, compares them with the connections and corrects the differences. The service also does this on a schedule and when data stops; call this route if you cannot wait. If Terra does not answer, nothing changes.',
    }),
    ApiOkResponse({ description: 'The differences and their corrections.', type: ReconcileReportDto }),
    ApiProblems({ ...NO_BODY_PROBLEMS, ...REFERENCE_ID_PROBLEM, ...TERRA_PROBLEMS }),
  );
