import { Injectable, type PipeTransform } from '@nestjs/common';
import { RequestInvalidError } from '../common';
import { describeReferenceIdProblem } from '../common';

/** For a reference id in a path. */
@Injectable()
export class ReferenceIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    const detail = describeReferenceIdProblem(value);
    if (detail) throw new RequestInvalidError([{ field: 'referenceId', detail }]);
    return value;
  }
}
