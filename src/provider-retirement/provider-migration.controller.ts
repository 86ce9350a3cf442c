import { Get, Param, Query } from '@nestjs/common';
import { RequireScope, RestController } from '../api-keys';
import { PageQueryDto } from '../http';
import { ProviderMigrationDto } from './dto/provider-migration.dto';
import { ApiReadProviderMigration } from './provider-migration.openapi';
import { ProviderMigrationService } from './provider-migration.service';

@RestController('v1/providers', 'Providers')
export class ProviderMigrationController {
  constructor(private readonly migrations: ProviderMigrationService) {}

  @Get(':code/migration')
  @RequireScope('connections:read')
  @ApiReadProviderMigration()
  async read(@Param('code') code: string, @Query() page: PageQueryDto): Promise<ProviderMigrationDto> {
    return ProviderMigrationDto.from(await this.migrations.read(code, page));
  }
}
