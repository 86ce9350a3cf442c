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
    'terra.endpoint_missing':
      'An endpoint of Terra is not where we look for it; an operator has to check TERRA_API_URL.',
    'terra.no_widget_endpoint': 'Neither of the two widget-session endpoints serves this account.',
  },
  503: {
    'terra.unavailable': 'Terra cannot be reached or fails; try again after Retry-After.',
    'terra.rate_limited': 'Terra asks us to slow down; try again after Retry-After.',
  },
  504: { 'terra.timeout': 'Terra did not answer in time; try again.' },
};
