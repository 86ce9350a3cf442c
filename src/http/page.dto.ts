import type { Type } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import type { Page } from './pagination';

interface ItemDtoClass<Row, Item> extends Type<Item> {
  from(row: Row): Item;
}
export interface PageDtoClass<Row, Item> extends Type<Page<Item>> {
  from(page: Page<Row>): Page<Item>;
}

/**
 * Creates the base class of a page DTO: `class SweepPageDto extends PageOf(SweepDto, 'Newest first.') {}`.
 *
 * @param order the order of the items, for the API docs
 */
export function PageOf<Row, Item>(itemDto: ItemDtoClass<Row, Item>, order: string): PageDtoClass<Row, Item> {
  class PageDto implements Page<Item> {
    @ApiProperty({ type: [itemDto], description: order })
    items: Item[];

    @ApiProperty({
      type: String,
      nullable: true,
      description: 'Send this value as `cursor` to read the next page. null on the last page.',
      example: null,
    })
    nextCursor: string | null;

    static from({ items, nextCursor }: Page<Row>): Page<Item> {
      return { items: items.map((item) => itemDto.from(item)), nextCursor };
    }
  }
  return PageDto;
}
