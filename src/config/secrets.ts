import type { Environment } from './environment.variables';

type Secrets = Pick<
  Environment,
  | 'TERRA_API_KEY'
  | 'TERRA_SIGNING_SECRETS'
  | 'BOOTSTRAP_API_KEY'
  | 'DATABASE_URL'
  | 'DATABASE_MIGRATION_URL'
  | 'HTTPS_PROXY'
  | 'HTTP_PROXY'
>;

/** The secrets among the given variables, for the logger, which cuts them out of every line. */
export function secretsOf(environment: Partial<Secrets>): string[] {
  const { TERRA_API_KEY, TERRA_SIGNING_SECRETS = [], BOOTSTRAP_API_KEY } = environment;
  const { DATABASE_URL, DATABASE_MIGRATION_URL, HTTPS_PROXY, HTTP_PROXY } = environment;
  const keys = [TERRA_API_KEY, BOOTSTRAP_API_KEY].filter((key) => key !== undefined);
  const urls = [DATABASE_URL, DATABASE_MIGRATION_URL, HTTPS_PROXY, HTTP_PROXY];
  return [...keys, ...TERRA_SIGNING_SECRETS, ...urls.flatMap((url) => passwordsIn(url ?? ''))];
}

/** The password of a URL, as it stands there and decoded. Drivers log both. */
export function passwordsIn(url: string): string[] {
  if (!URL.canParse(url)) return [];
  const { password } = new URL(url);
  return password === '' ? [] : [password, decoded(password)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
