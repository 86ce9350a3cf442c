import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, Min } from 'class-validator';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

/** Reads a query parameter as a number if it is a whole one. Anything else stays as it is, for the validation to reject. */
export const ToWholeNumber = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : value,
  );

/** The query parameters of a list: the size and the start of the page. */
export class PageQueryDto {
  @ApiPropertyOptional({ type: 'integer', description: 'Maximum number of items on the page.', example: 50 })
  @IsOptional()
  @ToWholeNumber()
  @IsInt({ message: `must be a whole number from 1 to ${MAX_LIMIT}` })
  @Min(1, { message: `must be a whole number from 1 to ${MAX_LIMIT}` })
  @Max(MAX_LIMIT, { message: `must be a whole number from 1 to ${MAX_LIMIT}` })
  limit: number = DEFAULT_LIMIT;

  /** The `nextCursor` of the previous page. Omit it for the first page. Its format may change. */
  @IsOptional()
  @IsString()
  cursor?: string;
}
