import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { PROBLEM_TITLES } from './problem';
import { ProblemDto } from './problem.dto';

/** When a problem happens and what to do; optionally with an example of the extra members of that problem. */
export type Occasion = string | { when: string; members: Record<string, unknown> };
type Codes = Record<string, Occasion>;
type Problems = Record<number, Codes>;

// Every route can have this problem, so `ApiProblems` adds it and no route repeats it.
const EVERYWHERE: Problems = {
  500: {
    internal: 'The service failed. Report the request id: an operator finds the error in the log by this id.',
  },
};

/** The problems described so far, by route and status. */
const described = new WeakMap<object, Problems>();

/**
 * Documents the problems of a route: status → code → when it happens. On a controller, it documents all routes. Several
 * decorators may describe one status. If two describe one code, the docs use the text of the decorator nearest to the
 * method, because it runs first.
 */
export function ApiProblems(problems: Problems): ClassDecorator & MethodDecorator {
  return (target: object, _name?: string | symbol, method?: PropertyDescriptor) => {
    for (const route of method ? [method] : methodsOf(target as Class)) {
      ApiExtraModels(ProblemDto)(target, '', route);
      for (const source of [problems, EVERYWHERE]) {
        for (const [status, codes] of Object.entries(source)) describe(route, Number(status), codes);
      }
    }
  };
}

type Class = abstract new (...args: never[]) => object;

function methodsOf(controller: Class): PropertyDescriptor[] {
  const members = Object.getOwnPropertyDescriptors(controller.prototype as object);
  return Object.values(members).filter(({ value }) => typeof value === 'function' && value !== controller);
}

function describe(route: PropertyDescriptor, status: number, codes: Codes): void {
  const known = described.get(route.value as object) ?? {};
  const added = Object.entries(codes).filter(([code]) => !(code in (known[status] ?? {})));
  if (added.length === 0) return;
  const all = { ...known[status], ...Object.fromEntries(added) };
  described.set(route.value as object, { ...known, [status]: all });
  ApiResponse({
    status,
    // Swagger appends this to an earlier description, but replaces the earlier content.
    description: added.map(([code, occasion]) => `\`${code}\` ${whenOf(occasion)}`).join('\n\n'),
    content: {
      'application/problem+json': {
        schema: { $ref: getSchemaPath(ProblemDto) },
        examples: Object.fromEntries(
          Object.entries(all).map(([code, occasion]) => [code, { value: exampleOf(status, code, occasion) }]),
        ),
      },
    },
  })({}, '', route);
}

function whenOf(occasion: Occasion): string {
  return typeof occasion === 'string' ? occasion : occasion.when;
}

function exampleOf(status: number, code: string, occasion: Occasion): Record<string, unknown> {
  return {
    type: `urn:terra-connect:problem:${code}`,
    title: PROBLEM_TITLES[status],
    status,
    code,
    detail: whenOf(occasion),
    ...(typeof occasion === 'string' ? {} : occasion.members),
  };
}
