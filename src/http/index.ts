export { ApiProblems } from './api-problem.decorator';
export {
  ApiCount,
  ApiId,
  ApiNullableEnum,
  ApiNullableText,
  ApiProvider,
  ApiReferenceId,
  ApiTerraUserId,
  ApiTime,
  EXAMPLE_ID,
  EXAMPLE_TERRA_USER_ID,
  ReferenceIdFilter,
  TextFilter,
  WholeNumberField,
} from './api-property.decorators';
export { BodyBudget, mayHaveLargeBody, type SentResponse } from './body-budget';
export { CheckDto } from './check.dto';
export { clientAddressOf, type AddressedRequest } from './client-address';
export { ContentEncodingUnsupportedError, hasContentEncoding } from './content-encoding';
export { EndUserQueryDto, NewEndUserQueryDto } from './end-user-query.dto';
export { escapeHtml, renderHtml } from './html';
export { IsInstant } from './instant.validator';
export { NoStoreGuard } from './no-store.guard';
export { PageQueryDto, ToWholeNumber } from './page-query.dto';
export { PageOf } from './page.dto';
export { CursorUnknownError, decodeCursor, toPage, type Page } from './pagination';
export { ApiIdParam, uuidParam } from './path-parameters';
export { FRAMEWORK_PROBLEM_CODES, toProblem } from './problem';
export { ProblemFilter, sendProblem } from './problem.filter';
export { Public, PUBLIC_ROUTE } from './public.decorator';
export { PublicUrls, WEBHOOK_ROUTE } from './public-urls';
export { rateLimitHeaders } from './rate-limit-headers';
export { respond, type Answer } from './respond';
export {
  ApiEndUserOperation,
  NewReferenceIdPipe,
  NoTrailingSlashGuard,
  ReferenceIdPipe,
  type ReferenceIdPlace,
} from './reference-id-parameters';
export {
  BODY_PROBLEMS,
  invalidField,
  NO_BODY_PROBLEMS,
  PAGE_PROBLEM,
  REFERENCE_ID_PROBLEM,
} from './route-problems';
export { UrlEncodingGuard } from './url-encoding.guard';
export { requestValidation } from './validation.pipe';
