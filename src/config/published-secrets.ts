// Example secrets start with one of these words, so that this check recognises them.
const EXAMPLE = /^(dev-only|example|sandbox)-/;
// What the tests use. `test/environment-docs.e2e-spec.ts` fails when a value of a test or of an example is missing here.
const PUBLISHED = new Set([
  'c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2e7',
  'tc_test_bootstrap_key_0123456789',
  'stage-key-90b1d3c5e7f9a2b4c6d8',
  '5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e7',
  'tc_stage_bootstrap_key_0123456789',
]);
// Terra's own signing secrets are longer, so a shorter one is not from Terra, and easier to guess.
const MIN_SIGNING_SECRET_LENGTH = 16;

export interface Secrets {
  apiKey: string;
  signingSecrets: string[];
  bootstrapApiKey: string | undefined;
  /** The password in the URL of the database; a host connects to its database itself. */
  databasePassword?: string;
}

/**
 * Finds secrets that must not protect a production system.
 *
 * @param names what the operator calls each secret
 * @returns a problem per name, without the value
 */
export function findWeakSecrets(secrets: Secrets, names: Record<keyof Secrets, string>): string[] {
  const published = (Object.keys(names) as (keyof Secrets)[])
    .filter((secret) => [secrets[secret]].flat().some((value) => value !== undefined && isPublished(value)))
    .map(
      (secret) =>
        `${names[secret]} has a value from the examples of this project, which anyone can read: set your own`,
    );
  const short = secrets.signingSecrets.some((secret) => secret.length < MIN_SIGNING_SECRET_LENGTH)
    ? [
        `${names.signingSecrets} has a secret of less than ${MIN_SIGNING_SECRET_LENGTH} characters, which can be guessed: copy the secret of the destination from Terra's dashboard`,
      ]
    : [];
  return [...published, ...short];
}

function isPublished(secret: string): boolean {
  return EXAMPLE.test(secret) || PUBLISHED.has(secret);
}
