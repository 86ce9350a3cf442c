import { applyDecorators } from '@nestjs/common';
import { ApiCreatedResponse } from '@nestjs/swagger';
import {
  ApiEndUserOperation,
  ApiProblems,
  NO_BODY_PROBLEMS,
  REFERENCE_ID_PROBLEM,
  type ReferenceIdPlace,
} from '../http';
import { TERRA_PROBLEMS } from '../terra';
import { SdkTokenDto } from './dto/sdk-token.dto';

export const ApiCreateSdkToken = (place: ReferenceIdPlace): MethodDecorator =>
  applyDecorators(
    ApiEndUserOperation(place, {
      summary: 'Create an SDK token',
      description:
        "Creates a token for a phone-only provider (Apple Health, Samsung Health, Health Connect). Your phone app initialises Terra's SDK with this token. Terra then reports the connection by webhook.",
    }),
    ApiCreatedResponse({ description: 'The token. It works once.', type: SdkTokenDto }),
    ApiProblems({ ...NO_BODY_PROBLEMS, ...REFERENCE_ID_PROBLEM, ...TERRA_PROBLEMS }),
  );
