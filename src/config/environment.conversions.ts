import { Transform } from 'class-transformer';
import { IsBoolean, IsInt, IsNumber, Max, Min } from 'class-validator';
import { withPostgresSslModes } from './database-url';

// class-transformer's implicit conversion turns "false" into true and "" into 0. So each conversion is explicit. It
// leaves a value that it cannot convert unchanged, and the validator reports it.
export const ToInteger = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value,
  );
const ToShare = () =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^[01](\.\d{1,6})?$/.test(value) ? Number(value) : value,
  );
const ToBoolean = () =>
  Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value));
export const ToList = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string'
      ? value
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== '')
      : value,
  );
export const WithoutTrailingSlash = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? value.replace(/(?<!\/)\/+$/, '') : value,
  );

export const WithPostgresSslModes = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? withPostgresSslModes(value) : value,
  );

const allOf =
  (...rules: PropertyDecorator[]): PropertyDecorator =>
  (target, property) =>
    rules.forEach((rule) => rule(target, property));

/** Converts a variable to a whole number and checks its bounds. */
export const WholeNumber = (of: string, least: number, most: number): PropertyDecorator => {
  const message = `must be a whole number of ${of} from ${least} to ${most}`;
  return allOf(ToInteger(), IsInt({ message }), Min(least, { message }), Max(most, { message }));
};
/** Converts a variable to a share and checks that it is from 0 to 1. */
export const Share = (): PropertyDecorator => {
  const message = 'must be a share from 0 to 1, such as 0.1';
  return allOf(ToShare(), IsNumber({}, { message }), Min(0, { message }), Max(1, { message }));
};

/** Converts a variable to a boolean. */
export const TrueOrFalse = (): PropertyDecorator =>
  allOf(ToBoolean(), IsBoolean({ message: 'must be true or false' }));

export const PortNumber = (): PropertyDecorator => {
  const message = 'must be a port number';
  return allOf(ToInteger(), IsInt({ message }), Min(0, { message }), Max(65_535, { message }));
};
