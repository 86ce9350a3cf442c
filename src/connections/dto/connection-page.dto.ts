import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { Page } from '../../http';
import type { Connection } from '../connection.entity';
import { ConnectionDto } from './connection.dto';

@ApiSchema({ description: 'A page of connections.' })
export class ConnectionPageDto {
  /** Newest first. */
  items: ConnectionDto[];

  @ApiProperty({ description: 'Give it back as `cursor` to read on; null on the last page.', example: null })
  nextCursor: string | null;

  static from(page: Page<Connection>): ConnectionPageDto {
    return {
      items: page.items.map((connection) => ConnectionDto.from(connection)),
      nextCursor: page.nextCursor,
    };
  }
}
