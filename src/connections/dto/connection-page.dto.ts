import type { Page } from '../../common';
import type { Connection } from '../connection.entity';
import { ConnectionDto } from './connection.dto';

/** A page of connections, newest first. */
export class ConnectionPageDto {
  /** Newest first. */
  items: ConnectionDto[];

  /**
   * Give it back as `cursor` to read on; null on the last page.
   * @example null
   */
  nextCursor: string | null;

  static from(page: Page<Connection>): ConnectionPageDto {
    return {
      items: page.items.map((connection) => ConnectionDto.from(connection)),
      nextCursor: page.nextCursor,
    };
  }
}
