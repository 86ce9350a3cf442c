import { applyDecorators } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation } from '@nestjs/swagger';
import { ApiProblems, ApiReferenceIdParam, NO_BODY_PROBLEMS, REFERENCE_ID_PROBLEM } from '../http';
import { TERRA_PROBLEMS } from '../terra';
import { SdkTokenDto } from './dto/sdk-token.dto';

export const ApiCreateSdkToken = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Create an SDK token',
      description:
        "Creates a token for a phone-only provider (Apple Health, Samsung Health, Health Connect). Your phone app initialises Terra's SDK with this token. Terra then reports the connection by webhook.",
    }),
    ApiReferenceIdParam(),
    ApiCreatedResponse({ description: 'The token. It works once.', type: SdkTokenDto }),
    ApiProblems({ ...NO_BODY_PROBLEMS, ...REFERENCE_ID_PROBLEM, ...TERRA_PROBLEMS }),
  );
