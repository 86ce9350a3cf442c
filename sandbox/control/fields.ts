import { InvalidRequestError } from '../behaviour';

/** The fields of a JSON body or a form. Rejects unknown ones, because a typo would do nothing. */
export class BodyFields {
  private readonly fields: Record<string, unknown>;

  constructor(body: unknown, allowed: readonly string[]) {
    const given: unknown = body ?? {};
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      throw new InvalidRequestError('The request body must be a JSON object');
    }
    for (const name of Object.keys(given)) {
      if (!allowed.includes(name)) {
        throw new InvalidRequestError(`There is no option "${name}". Options: ${allowed.join(', ')}.`);
      }
    }
    this.fields = given as Record<string, unknown>;
  }

  text(name: string): string | undefined {
    const value = this.fields[name];
    if (value !== undefined && typeof value !== 'string') {
      throw new InvalidRequestError(`${name} must be a string`);
    }
    return value;
  }

  /** A whole number, also as the text of a form field. */
  count(name: string, limits: { initially: number; max: number }): number {
    const value = this.fields[name] ?? limits.initially;
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 1 || number > limits.max) {
      throw new InvalidRequestError(`${name} must be a whole number from 1 to ${limits.max}`);
    }
    return number;
  }

  /** One or more of the choices: a list, or a text for one. Default: `initially`. */
  choices<T extends string>(name: string, of: readonly T[], initially: readonly T[]): readonly T[] {
    const value = this.fields[name];
    if (value === undefined) return initially;
    const list: unknown[] = Array.isArray(value) ? value : [value];
    const chosen = of.filter((choice) => list.includes(choice));
    if (chosen.length === 0 || list.some((item) => !of.includes(item as T))) {
      throw new InvalidRequestError(`${name} must be one or more of ${of.join(', ')}`);
    }
    return chosen;
  }
}
