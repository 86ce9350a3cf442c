/** The problems of a route that calls Terra: one per error of `terra.errors.ts` that can reach a caller. */
export const TERRA_PROBLEMS = {
  502: {
    'terra.bad_credentials':
      'Terra rejected the credentials of the service. An operator must check TERRA_DEV_ID and TERRA_API_KEY.',
    'terra.no_provider_enabled':
      'This Terra environment has no enabled data source. An operator must enable one on the Terra dashboard.',
    'terra.user_cap_reached':
      'This Terra environment has reached its limit of users (50 in testing and staging). An operator must deauthenticate test users or use production.',
    'terra.not_entitled':
      'The Terra account is not entitled to this operation. An operator must ask Terra for access.',
    'terra.rejected':
      "Terra rejected the request. An operator finds Terra's reason in the log by the request id.",
    'terra.malformed_answer':
      "The service cannot read Terra's answer. Retry. If this continues, an operator must check the log.",
    'terra.endpoint_missing':
      'Terra has no endpoint at the configured URL. An operator must check TERRA_API_URL.',
    'terra.no_widget_endpoint':
      'Terra has no widget-session endpoint for this Terra account at the configured URLs. An operator must check TERRA_WIDGET_URL, TERRA_API_URL and TERRA_WIDGET_GENERATION.',
  },
  503: {
    'terra.unavailable':
      'Terra is unreachable or fails. Wait for the seconds in Retry-After, then retry. After several failures in a row, the service pauses its calls to Terra and answers this at once.',
    'terra.rate_limited':
      'Terra limits the rate of our requests. Wait for the seconds in Retry-After, then retry.',
  },
  504: {
    'terra.timeout': 'Terra did not answer in time. Wait for the seconds in Retry-After, then retry.',
  },
} as const satisfies Record<number, Record<string, string>>;

type CodesOf<Problems> = Problems extends unknown ? keyof Problems : never;
export type TerraProblemCode = CodesOf<(typeof TERRA_PROBLEMS)[keyof typeof TERRA_PROBLEMS]>;
export const TERRA_PROBLEM_CODES = Object.values(TERRA_PROBLEMS).flatMap((problems) =>
  Object.keys(problems),
) as TerraProblemCode[];

// The API's caller can retry. A person who reads a diagnosis cannot.
const REMEDIES: Record<string, string> = {
  'terra.unavailable': "Look at Terra's status page, and try again when Terra answers.",
  'terra.timeout': "Look at Terra's status page, and try again when Terra answers.",
  'terra.rate_limited': 'Try again in a minute.',
  'terra.endpoint_missing':
    'An operator must check TERRA_API_URL and TERRA_DEV_ID: Terra answers 404 if one of them is wrong.',
  'terra.no_widget_endpoint':
    'An operator must set TERRA_WIDGET_GENERATION=auto (Terra has withdrawn the legacy endpoint for accounts created after 3 September 2026), and check TERRA_WIDGET_URL and TERRA_API_URL.',
};

/** Explains the code of a Terra error to an operator: what is wrong, and what to do. */
export function explainTerraProblem(code: string): { problem: string; remedy: string } {
  const text = Object.values<Record<string, string>>(TERRA_PROBLEMS).flatMap(
    (problems) => problems[code] ?? [],
  )[0];
  if (text === undefined)
    return { problem: `Terra fails with ${code}.`, remedy: `Look up ${code} in the log.` };
  const [problem = text, ...rest] = text.split(/(?<=\.) /);
  return { problem, remedy: REMEDIES[code] ?? rest.join(' ') };
}
