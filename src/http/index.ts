export { ApiProblems } from './api-problem.decorator';
export { ApiReferenceId, NO_BODY_PROBLEMS, REFERENCE_ID_PROBLEM } from './api-reference-id.decorator';
export { PageQueryDto } from './page-query.dto';
export { CursorUnknownError, decodeCursor, toPage, type Page } from './pagination';
export { toProblem } from './problem';
export { ProblemFilter, sendProblem } from './problem.filter';
export { Public, PUBLIC_ROUTE } from './public.decorator';
export { ReferenceIdPipe } from './reference-id.pipe';
export { requestValidation } from './validation.pipe';
