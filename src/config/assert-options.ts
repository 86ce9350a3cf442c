import type { ValidationArguments } from 'class-validator';
import { describePointerHostsProblem, MAX_DATA_HOURS, POINTER_MODES, type DataOptions } from './data-options';
import { isProduction } from './environment';
import {
  describeReturnUrlListProblem,
  IsProxyUrl,
  IsSecretList,
  IsServiceUrl,
  IsSuccessorList,
  MIN_WEBHOOK_DAYS,
} from './environment.validators';
import {
  IsEventTypeList,
  IsNatsServerList,
  IsNatsStreamName,
  IsNatsSubject,
  MAX_NATS_PARTITIONS,
  type NatsOptions,
} from './nats-options';
import {
  MAX_API_KEY_CACHE_SECONDS,
  MIN_BODY_BUDGET_MB,
  MIN_EVENTS_DAYS,
  type OutboundOptions,
  type OutgoingOptions,
  type ProviderOptions,
  type RateLimitOptions,
  type ReconciliationOptions,
  type RetentionOptions,
  type TerraConnectOptions,
} from './options';
import { findWeakSecrets } from './published-secrets';

/** The host's options with the defaults filled in. */
type CompleteOptions = TerraConnectOptions & {
  outgoing: OutgoingOptions;
  outbound: OutboundOptions;
  reconciliation: ReconciliationOptions;
  providers: ProviderOptions;
  retention: RetentionOptions;
  nats: NatsOptions;
  data: DataOptions;
  bodyBudgetMb: number;
  apiKeyCacheSeconds: number;
  rateLimits: RateLimitOptions;
};

const NATS_RULES = {
  servers: new IsNatsServerList(),
  prefix: new IsNatsSubject(),
  stream: new IsNatsStreamName(),
  types: new IsEventTypeList(),
};

/**
 * Rejects options that are not safe or cannot work. `readEnvironment` makes the same checks, but a host does not call
 * it: without these checks, an empty variable of the host would become a signing secret that anyone can guess.
 *
 * @throws Error that names every wrong option, without its value
 */
export function assertOptions(options: CompleteOptions): void {
  const { publicUrl, terra, returnUrls, outgoing, reconciliation, providers, retention } = options;
  const { rateLimits, bodyBudgetMb, apiKeyCacheSeconds, nats } = options;
  const [serviceUrl, secrets] = [new IsServiceUrl(), new IsSecretList()];
  const problems: string[] = [];
  const check = (option: string, holds: boolean, problem: string): void => {
    if (!holds) problems.push(`${option} ${problem}`);
  };
  const about = (value: unknown, ...constraints: unknown[]): ValidationArguments =>
    ({ value, constraints }) as ValidationArguments;
  const checkUrl = (option: string, url: string, ...constraints: unknown[]): void => {
    const args = about(url, ...constraints);
    check(option, serviceUrl.validate(url, args), serviceUrl.defaultMessage(args));
    check(option, !url.endsWith('/'), 'must not end with a slash');
  };
  // Every comparison with NaN is false, so a limit of NaN would never apply.
  const isAmount = (value: number): boolean => Number.isFinite(value) && value >= 0;

  checkUrl('publicUrl', publicUrl, 'https-unless-loopback');
  checkUrl('terra.apiUrl', terra.apiUrl);
  checkUrl('terra.widgetUrl', terra.widgetUrl);
  check('terra.devId', terra.devId !== '', 'is empty');
  check('terra.apiKey', terra.apiKey !== '', 'is empty');
  check('terra.signingSecrets', secrets.validate(terra.signingSecrets), secrets.defaultMessage());
  const targets = describeReturnUrlListProblem(returnUrls, isProduction());
  check('returnUrls', targets === null, targets ?? '');
  check(
    'bodyBudgetMb',
    bodyBudgetMb >= MIN_BODY_BUDGET_MB,
    `must be ${MIN_BODY_BUDGET_MB} megabytes or more`,
  );
  check(
    'apiKeyCacheSeconds',
    apiKeyCacheSeconds >= 0 && apiKeyCacheSeconds <= MAX_API_KEY_CACHE_SECONDS,
    `must be a number of seconds, 0 to ${MAX_API_KEY_CACHE_SECONDS}`,
  );
  const proxyUrl = new IsProxyUrl();
  for (const name of ['httpsProxy', 'httpProxy'] as const)
    check(`outgoing.${name}`, proxyUrl.validate(outgoing[name]), proxyUrl.defaultMessage());
  check('outgoing.circuitFailures', isAmount(outgoing.circuitFailures), 'must be a number, 0 or more');
  // Any other value that counts as true, such as the text 'false', would open the private networks.
  const { allowPrivateNetworks } = options.outbound;
  check('outbound.allowPrivateNetworks', typeof allowPrivateNetworks === 'boolean', 'must be true or false');
  check('providers.checkMinutes', providers.checkMinutes >= 1, 'must be a number of minutes, 1 or more');
  const successors = new IsSuccessorList();
  const entries = Object.entries(providers.successors).map(
    ([code, successor]) => `${code}=${successor ?? ''}`,
  );
  check('providers.successors', successors.validate(entries), successors.defaultMessage());
  for (const [name, value] of Object.entries(retention))
    check(`retention.${name}`, isAmount(value as number), 'must be a number of days, 0 or more');
  const { webhookEventsDays } = retention;
  const isLongEnough = webhookEventsDays === 0 || webhookEventsDays >= MIN_WEBHOOK_DAYS;
  check('retention.webhookEventsDays', isLongEnough, 'must be 14 or more, or 0: Terra resends for 14 days');
  check('retention.eventsDays', retention.eventsDays >= MIN_EVENTS_DAYS, 'must be 4 days or more');
  const { retentionHours, pointers, pointerHosts } = options.data;
  check(
    'data.retentionHours',
    retentionHours >= 1 && retentionHours <= MAX_DATA_HOURS,
    `must be a number of hours, 1 to ${MAX_DATA_HOURS}`,
  );
  check('data.pointers', POINTER_MODES.includes(pointers), `must be one of ${POINTER_MODES.join(', ')}`);
  const hostsProblem = describePointerHostsProblem(pointerHosts, pointers);
  check('data.pointerHosts', hostsProblem === null, hostsProblem ?? '');
  const { safetyThresholdShare: share, ...amounts } = reconciliation;
  check('reconciliation.safetyThresholdShare', share >= 0 && share <= 1, 'must be a share from 0 to 1');
  for (const [name, value] of Object.entries(amounts))
    check(`reconciliation.${name}`, isAmount(value), 'must be a number, 0 or more');
  for (const [name, value] of Object.entries(rateLimits))
    check(`rateLimits.${name}`, isAmount(value as number), 'must be a number, 0 or more');
  for (const [name, rule] of Object.entries(NATS_RULES))
    check(`nats.${name}`, rule.validate(nats[name as keyof NatsOptions]), rule.defaultMessage());
  const { partitions } = nats;
  const isPartitionCount =
    Number.isInteger(partitions) && partitions >= 1 && partitions <= MAX_NATS_PARTITIONS;
  check('nats.partitions', isPartitionCount, `must be a whole number from 1 to ${MAX_NATS_PARTITIONS}`);
  if (isProduction()) problems.push(...weakSecretsOf(options));
  if (problems.length > 0)
    throw new Error(`TerraAuthModule cannot run with these options: ${problems.join('; ')}.`);
}

function weakSecretsOf({ terra, bootstrapApiKey }: CompleteOptions): string[] {
  return findWeakSecrets(
    { ...terra, bootstrapApiKey },
    {
      apiKey: 'terra.apiKey',
      signingSecrets: 'terra.signingSecrets',
      bootstrapApiKey: 'bootstrapApiKey',
      databasePassword: 'the database URL',
    },
  );
}
