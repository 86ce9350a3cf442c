import { applyDecorators } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import {
  ApiEndUserOperation,
  ApiIdParam,
  ApiProblems,
  NO_BODY_PROBLEMS,
  REFERENCE_ID_PROBLEM,
  type ReferenceIdPlace,
} from '../http';
import { ErasureDto } from './dto/erasure.dto';
import { EndUserExportDto } from './dto/export.dto';

export const ApiEraseEndUser = (place: ReferenceIdPlace): MethodDecorator =>
  applyDecorators(
    ApiEndUserOperation(place, {
      summary: 'Erase an end user',
      description:
        'All connections of the end user end at once, and events from before the erasure have no effect any more. When Terra has confirmed the end of every Terra user, the service deletes or pseudonymizes all rows about the end user. The erasure is then the receipt. While the erasure is pending, a repeated request returns the same erasure.',
    }),
    ApiAcceptedResponse({ description: 'The erasure.', type: ErasureDto }),
    ApiProblems({ ...NO_BODY_PROBLEMS, ...REFERENCE_ID_PROBLEM }),
  );

export const ApiExportEndUser = (place: ReferenceIdPlace): MethodDecorator =>
  applyDecorators(
    ApiEndUserOperation(place, {
      summary: 'Export an end user',
      description:
        'Returns everything that the service stores about the end user in one document, read at one moment. It contains no secrets.',
    }),
    ApiOkResponse({
      description: 'Everything that the service stores about the end user.',
      type: EndUserExportDto,
    }),
    ApiProblems({
      404: {
        'end_user.not_found': 'The service stores nothing about this end user. Check the reference id.',
      },
      ...REFERENCE_ID_PROBLEM,
    }),
  );

export const ApiReadErasure = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Read an erasure',
      description: 'Returns the erasure. After completion it is the receipt.',
    }),
    ApiIdParam('Id of the erasure', 'DELETE /v1/end-users'),
    ApiOkResponse({ description: 'The erasure with its current status.', type: ErasureDto }),
    ApiProblems({ 404: { 'erasure.not_found': 'No erasure has this id.' } }),
  );
