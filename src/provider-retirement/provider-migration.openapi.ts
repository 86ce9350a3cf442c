import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam } from '@nestjs/swagger';
import { ApiProblems, PAGE_PROBLEM } from '../http';
import { ProviderMigrationDto } from './dto/provider-migration.dto';

export const ApiReadProviderMigration = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Read who has moved from an ended provider',
      description:
        'Returns how many end users of the provider have connected its successor, and the connections of those who have not. Ask them to connect the successor: a session with the `connectionId` of the old connection.',
    }),
    ApiParam({
      name: 'code',
      description: 'Code of the provider that ends; not case-sensitive.',
      schema: { type: 'string', minLength: 1, maxLength: 64, example: 'FITBIT' },
    }),
    ApiOkResponse({ description: 'The migration, with a page of connections.', type: ProviderMigrationDto }),
    ApiProblems({
      ...PAGE_PROBLEM,
      404: { 'provider.not_ended': 'The provider has no known successor, and Terra still offers it.' },
    }),
  );
