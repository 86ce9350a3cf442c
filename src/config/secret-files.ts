import { readFileSync } from 'node:fs';

/** The variables that hold a secret. Each can come from a file: `<NAME>_FILE` is then the path of the file. */
export const SECRET_VARIABLES = [
  'DATABASE_URL',
  'DATABASE_MIGRATION_URL',
  'TERRA_DEV_ID',
  'TERRA_API_KEY',
  'TERRA_SIGNING_SECRETS',
  'BOOTSTRAP_API_KEY',
] as const;

type Variables = Record<string, string | undefined>;

/**
 * Replaces each `<NAME>_FILE` by the variable NAME with the content of the file, without white space around it: most
 * tools end a file with a line break. An empty variable counts as not set.
 *
 * @returns the variables, and what is wrong with a file. The problems contain no path: it can be a secret that was set
 * under the wrong name.
 */
export function readSecretFiles(source: Variables): { variables: Variables; problems: string[] } {
  const variables = { ...source };
  const problems: string[] = [];
  for (const name of SECRET_VARIABLES) {
    const path = source[`${name}_FILE`]?.trim();
    delete variables[`${name}_FILE`];
    if (!path) continue;
    if (source[name]?.trim()) {
      problems.push(`${name} and ${name}_FILE are both set: remove one of them`);
      continue;
    }
    const content = contentOf(path);
    if ('problem' in content) problems.push(`${name}_FILE ${content.problem}`);
    else variables[name] = content.text;
  }
  return { variables, problems };
}

function contentOf(path: string): { text: string } | { problem: string } {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text === '' ? { problem: 'names an empty file: write the secret into it' } : { text };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { problem: `names a file that cannot be read (${code}): check its path and its permissions` };
  }
}
