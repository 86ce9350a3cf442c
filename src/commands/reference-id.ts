import { describeReferenceIdProblem } from '../common';
import { UsageError } from './program';

/** @throws UsageError for a text that no end user can have */
export function assertReferenceId(referenceId: string): void {
  const problem = describeReferenceIdProblem(referenceId);
  if (problem) throw new UsageError(`The reference id ${problem}.`);
}
