import { relative } from 'node:path';
import type { Settings } from './settings';

export interface BannerDetails {
  settings: Settings;
  sampleAppUrl: string;
  /** Undefined with a Terra account. */
  sandboxUrl: string | undefined;
  /** Undefined when DATABASE_URL names a database. */
  databaseUrlFile: string | undefined;
  /** Undefined when BOOTSTRAP_API_KEY is set: the banner does not print a key that the user chose. */
  generatedApiKey: string | undefined;
}

const fromHere = (path: string) => relative(process.cwd(), path) || '.';

/** The text that `npm start` prints when everything runs. */
export function banner(details: BannerDetails): string {
  const { settings, sampleAppUrl, sandboxUrl, databaseUrlFile, generatedApiKey } = details;
  const serviceUrl = `http://localhost:${settings.port}`;
  const lines: [string, string][] = [
    ['Sample app', `${sampleAppUrl}   click "Connect device"`],
    ['API docs', `http://localhost:${settings.managementPort}/docs`],
    ['API key', generatedApiKey ?? 'the BOOTSTRAP_API_KEY of your environment'],
  ];
  if (sandboxUrl) lines.push(['Sandbox', `${sandboxUrl}   plays Terra; control it on this page`]);
  else lines.push(['Terra', `your Terra account; Terra must reach ${settings.publicUrl}/webhooks/terra`]);
  if (databaseUrlFile) {
    lines.push(['Data', `${fromHere(settings.dataDir)}   delete it to start from scratch`]);
    lines.push(['Commands', `DATABASE_URL=$(cat ${fromHere(databaseUrlFile)}) node dist/src/cli.js --help`]);
  } else lines.push(['Data', 'in the database of DATABASE_URL']);

  return [
    '',
    'Terra Connect is ready.',
    '',
    ...lines.map(([name, text]) => `  ${name.padEnd(12)}${text}`),
    '',
    'Try it:',
    `  curl -sS ${serviceUrl}/v1/connect-sessions -H 'Authorization: Bearer ${generatedApiKey ?? '<your BOOTSTRAP_API_KEY>'}' \\`,
    `    -H 'Content-Type: application/json' -d '{"referenceId":"user-1"}'`,
    '',
    'Ctrl-C stops everything.',
    '',
  ].join('\n');
}
