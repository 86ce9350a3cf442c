import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Environment } from './node-program';

// The tests load this file from local/, the launcher from dist/local/. Both run in the repository's folder.
const DOCUMENTATION = '.env.example';

/**
 * Writes the variables with which the service runs to a file that only this user may read. Both a shell (`. file`) and
 * `node --env-file=file` read it.
 *
 * @param environment the environment of the service; of it, the file gets the variables that .env.example documents
 * @param further variables for the commands of the documentation
 */
export function writeEnvFile(file: string, environment: Environment, further: Environment): void {
  const documented = Object.keys(parseEnv(readFileSync(join(process.cwd(), DOCUMENTATION), 'utf8')));
  const service = documented.map((name): [string, string | undefined] => [name, environment[name]]);
  const text = [
    '# The variables of the running "npm start", which writes this file at its start and deletes it at its end.',
    ...[...Object.entries(further), ...service].flatMap(([name, value]) =>
      value ? [assignment(name, value)] : [],
    ),
    '',
  ].join('\n');
  // An existing file would keep its mode.
  rmSync(file, { force: true });
  writeFileSync(file, text, { mode: 0o600 });
}

/** Shells and Node have no escape in common, but single quotes mean the same to both, and plain text in double quotes. */
function assignment(name: string, value: string): string {
  if (!/['\r\n]/.test(value)) return `${name}='${value}'`;
  if (!/["$`\\\r\n]/.test(value)) return `${name}="${value}"`;
  return `# ${name} is set, but a value with these quotes and characters cannot be written here.`;
}
