import { relative } from 'node:path';
import type { Settings } from './settings';

export interface Started {
  settings: Settings;
  sampleAppUrl: string;
  /** Undefined with a Terra account. */
  sandboxUrl: string | undefined;
  /** Undefined with a database of the user's own. */
  databaseUrlFile: string | undefined;
  /** Undefined when the user brought one: then it is theirs to show. */
  generatedApiKey: string | undefined;
}

const shown = (path: string) => relative(process.cwd(), path) || '.';

export function banner(started: Started): string {
  const { settings } = started;
  const local = `http://localhost:${settings.port}`;
  const lines: [string, string][] = [
    ['Sample app', `${started.sampleAppUrl}   press "Connect device"`],
    ['API docs', `${local}/docs`],
    ['API key', started.generatedApiKey ?? 'the BOOTSTRAP_API_KEY of your environment'],
  ];
  if (started.sandboxUrl) lines.push(['Sandbox', `${started.sandboxUrl}   plays Terra; steer it here`]);
  else lines.push(['Terra', `your account; its webhooks must reach ${settings.publicUrl}/webhooks/terra`]);
  if (started.databaseUrlFile) {
    lines.push(['Data', `${shown(settings.dataDir)}   delete it to start anew`]);
    lines.push([
      'Commands',
      `DATABASE_URL=$(cat ${shown(started.databaseUrlFile)}) node dist/src/cli.js --help`,
    ]);
  } else lines.push(['Data', 'in the database of DATABASE_URL']);

  return [
    '',
    'Terra Connect is ready.',
    '',
    ...lines.map(([name, text]) => `  ${name.padEnd(12)}${text}`),
    '',
    'Try it:',
    `  curl -sS ${local}/v1/connect-sessions -H 'Authorization: Bearer ${started.generatedApiKey ?? '<your BOOTSTRAP_API_KEY>'}' \\`,
    `    -H 'Content-Type: application/json' -d '{"referenceId":"user-1"}'`,
    '',
    'Ctrl-C stops everything.',
    '',
  ].join('\n');
}
