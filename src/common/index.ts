export { Clock } from './clock';
export { withinDeadline } from './deadline';
export {
  DomainError,
  RequestInvalidError,
  RequestMalformedError,
  type DomainErrorKind,
  type FieldProblem,
} from './domain.error';
export { codeOf } from './error-code';
export { RateLimitedError, type RateLimitPolicy, type RateLimitState } from './rate-limited.error';
export { RateLimiter } from './rate-limiter';
export { RecentMap } from './recent-map';
export { currentLogContext, runWithLogContext } from './log-context';
export {
  hasSqlState,
  isContended,
  isDatabaseDown,
  isDatabaseUnavailable,
  isStatementLost,
  isTransient,
  sqlStateOf,
  UNDEFINED_TABLE,
  UNIQUE_VIOLATION,
} from './postgres-errors';
export { isDeeperThan } from './nesting';
export { Redactor } from './redactor';
export { reportProgress, runWithProgress } from './progress';
export {
  describeNewReferenceIdProblem,
  describeReferenceIdProblem,
  IsNewReferenceId,
  IsReferenceId,
  REFERENCE_ID_MAX_LENGTH,
} from './reference-id';
export { constantTimeEqual, hmacSha256, randomToken, sha256 } from './signing';
export { isStorable, toStorable } from './storable-text';
export { decodeUtf8, withoutByteOrderMark } from './utf8';
