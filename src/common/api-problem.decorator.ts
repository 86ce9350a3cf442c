import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { ProblemDto } from './problem.dto';

type Decorator = ClassDecorator & MethodDecorator;

/** Documents the problems a route may answer with: status → code → when it happens. */
export function ApiProblems(problems: Record<number, Record<string, string>>): Decorator {
  return applyDecorators(
    ApiExtraModels(ProblemDto),
    ...Object.entries(problems).map(([status, codes]) =>
      ApiResponse({
        status: Number(status),
        description: Object.entries(codes)
          .map(([code, when]) => `\`${code}\` ${when}`)
          .join('\n\n'),
        content: {
          'application/problem+json': {
            schema: { $ref: getSchemaPath(ProblemDto) },
            examples: Object.fromEntries(
              Object.entries(codes).map(([code, detail]) => [
                code,
                {
                  value: { type: `urn:terra-connect:problem:${code}`, status: Number(status), code, detail },
                },
              ]),
            ),
          },
        },
      }),
    ),
  );
}

/** What Terra's failures become, on every route that asks Terra something. */
export const TERRA_PROBLEMS: Record<number, Record<string, string>> = {
  502: {
    'terra.bad_credentials': 'Terra does not accept our dev-id and API key; an operator has to mend them.',
    'terra.no_provider_enabled':
      'No data source is enabled for this Terra environment; enable one on its dashboard.',
    'terra.user_cap_reached':
      'This Terra environment holds as many users as it may (50 in testing and staging).',
    'terra.not_entitled': 'The Terra account may not use this; an operator has to ask Terra.',
    'terra.rejected': 'Terra refused the request.',
    'terra.malformed_answer': 'Terra answered with something that cannot be read.',
    'terra.no_widget_endpoint': 'Neither of the two widget-session endpoints serves this account.',
  },
  503: {
    'terra.unavailable': 'Terra cannot be reached or fails; try again after Retry-After.',
    'terra.rate_limited': 'Terra asks us to slow down; try again after Retry-After.',
  },
  504: { 'terra.timeout': 'Terra did not answer in time; try again.' },
};
