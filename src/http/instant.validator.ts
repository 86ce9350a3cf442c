import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';

// A time of day needs a zone: without one, its meaning depends on the machine.
const INSTANT = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** Validates a date, which means 00:00 UTC, or a time with its zone, and converts it to a Date. */
export function IsInstant(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => parseInstant(value) ?? value),
    ValidateBy({
      name: 'isInstant',
      validator: {
        validate: (value) => value instanceof Date,
        defaultMessage: () => 'must be a date (2026-11-23) or a time with its zone (2026-11-23T09:30:00Z)',
      },
    }),
  );
}

function parseInstant(value: unknown): Date | null {
  const day = typeof value === 'string' ? INSTANT.exec(value)?.[1] : undefined;
  const [dayBegins, instant] = [new Date(day ?? ''), new Date(String(value))];
  if (Number.isNaN(dayBegins.getTime()) || Number.isNaN(instant.getTime())) return null;
  // JavaScript reads 30 February as 2 March.
  return dayBegins.toISOString().startsWith(day ?? '') ? instant : null;
}
