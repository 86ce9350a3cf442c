import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ApiProblems } from '../http';
import { TERRA_PROBLEMS } from '../terra';
import { ProviderPageDto } from './dto/provider.dto';

export const ApiListProviders = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'List providers',
      description:
        'Returns the providers that are enabled for this Terra account, including phone-only providers. The service caches the list for ten minutes.',
    }),
    ApiOkResponse({ description: 'All providers, on one page.', type: ProviderPageDto }),
    ApiProblems(TERRA_PROBLEMS),
  );
