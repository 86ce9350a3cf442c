import { ApiProperty } from '@nestjs/swagger';
import { IsNewReferenceId, IsReferenceId, REFERENCE_ID_MAX_LENGTH } from '../common';

// A parameter of the type string would not do: the validation pipe turns `?referenceId=a&referenceId=b` into "a,b".
const ApiReferenceIdQuery = (): PropertyDecorator =>
  ApiProperty({
    description: 'Your id of the end user, percent-encoded.',
    minLength: 1,
    maxLength: REFERENCE_ID_MAX_LENGTH,
    example: 'user-4711',
  });

/** The query of a route about one end user. */
export class EndUserQueryDto {
  @ApiReferenceIdQuery()
  @IsReferenceId()
  referenceId: string;
}

/** The query of a route that makes a link for one end user. */
export class NewEndUserQueryDto {
  @ApiReferenceIdQuery()
  @IsNewReferenceId()
  referenceId: string;
}
