import type { ValidationArguments } from 'class-validator';
import { IsReturnUrlList, IsSecretList, IsServiceUrl, MIN_WEBHOOK_DAYS } from './environment.validators';
import { reconciliationOf, retentionOf, type TerraConnectOptions } from './options';

/**
 * Refuses options that would make an open or a deaf service. The environment has been through the same checks; a host
 * application's own configuration has not, and an empty variable makes a signing secret that everybody knows.
 *
 * @throws Error with every option that is wrong, without its value
 */
export function assertOptions({
  publicUrl,
  terra,
  returnUrls,
  reconciliation,
  retention,
}: TerraConnectOptions): void {
  const [serviceUrl, secrets, targets] = [new IsServiceUrl(), new IsSecretList(), new IsReturnUrlList()];
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

  checkUrl('publicUrl', publicUrl, 'https-unless-loopback');
  checkUrl('terra.apiUrl', terra.apiUrl);
  checkUrl('terra.widgetUrl', terra.widgetUrl);
  check('terra.devId', terra.devId !== '', 'is empty');
  check('terra.apiKey', terra.apiKey !== '', 'is empty');
  check('terra.signingSecrets', secrets.validate(terra.signingSecrets), secrets.defaultMessage());
  check('returnUrls', targets.validate(returnUrls), targets.defaultMessage(about(returnUrls)));
  // A brake that is no number compares as "never too many".
  for (const [name, value] of Object.entries(retentionOf(retention)))
    check(`retention.${name}`, Number.isFinite(value) && value >= 0, 'must be a number of days from 0');
  const { webhookEventsDays } = retentionOf(retention);
  const isLongEnough = webhookEventsDays === 0 || webhookEventsDays >= MIN_WEBHOOK_DAYS;
  check('retention.webhookEventsDays', isLongEnough, 'must be 14 or more, or 0: Terra resends for 14 days');
  const { safetyThresholdShare, ...amounts } = reconciliationOf(reconciliation);
  check(
    'reconciliation.safetyThresholdShare',
    safetyThresholdShare >= 0 && safetyThresholdShare <= 1,
    'must be a share from 0 to 1',
  );
  for (const [name, value] of Object.entries(amounts)) {
    check(`reconciliation.${name}`, Number.isFinite(value) && value >= 0, 'must be a number from 0');
  }
  if (problems.length > 0)
    throw new Error(`TerraAuthModule cannot run on these options: ${problems.join('; ')}.`);
}
