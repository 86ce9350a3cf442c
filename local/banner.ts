import { relative } from 'node:path';
import type { Settings } from './settings';

export interface BannerDetails {
  settings: Settings;
  sampleAppUrl: string;
  /** Undefined with a Terra account. */
  sandboxUrl: string | undefined;
  /** The file with the variables of the service. */
  envFile: string;
  /** Undefined when BOOTSTRAP_API_KEY is set: the banner does not print a key that the user chose. */
  generatedApiKey: string | undefined;
}

const INDENT = 14;

/** A path for a shell. Without a slash, `.` would search the PATH for it. */
function fromHere(path: string): string {
  const short = relative(process.cwd(), path).replaceAll('\\', '/');
  const found = short.startsWith('../') ? path : short;
  const withSlash = found.includes('/') ? found : `./${found}`;
  return /^[\w./:-]+$/.test(withSlash) ? withSlash : `"${withSlash}"`;
}

/** The text that `npm start` prints when everything runs. */
export function banner({
  settings,
  sampleAppUrl,
  sandboxUrl,
  envFile,
  generatedApiKey,
}: BannerDetails): string {
  const file = fromHere(envFile);
  const lines: [string, string][] = [
    ['Sample app', `${sampleAppUrl}   click "Connect device"; the diary fills by itself`],
    ['API docs', `http://localhost:${settings.managementPort}/docs`],
    ['API key', generatedApiKey ?? 'the BOOTSTRAP_API_KEY of your environment'],
    sandboxUrl
      ? ['Sandbox', `${sandboxUrl}   plays Terra; control it on this page`]
      : ['Terra', terraAccount(settings)],
    [
      'Data',
      settings.databaseUrl
        ? 'in the database of DATABASE_URL'
        : `${relative(process.cwd(), settings.dataDir) || '.'}   delete it to start from scratch`,
    ],
    ['Commands', `node --env-file=${file} dist/src/cli.js --help`],
  ];

  return [
    '',
    'Terra Connect is ready.',
    '',
    ...lines.map(
      ([name, text]) => `  ${name.padEnd(INDENT - 2)}${text.replaceAll('\n', `\n${' '.repeat(INDENT)}`)}`,
    ),
    '',
    `Try it in another terminal${process.platform === 'win32' ? ' (Git Bash)' : ''}:`,
    `  . ${file}`,
    '  curl -sS "$SERVICE_URL/v1/connect-sessions" -H "Authorization: Bearer $API_KEY" \\',
    `    -H 'Content-Type: application/json' -d '{"referenceId":"user-1"}'`,
    '',
    'Ctrl-C stops everything.',
    '',
  ].join('\n');
}

function terraAccount({ port, publicUrl, isPublic }: Settings): string {
  const destination = (url: string): string => `${url}/webhooks/terra`;
  if (isPublic) return `your account; its destination must be ${destination(publicUrl)}`;
  return [
    'your account, which cannot call this machine yet: no webhook arrives.',
    `1. Start a tunnel to port ${port}, for example: cloudflared tunnel --url http://localhost:${port}`,
    "2. Set PUBLIC_URL in .env to the tunnel's address: PUBLIC_URL=https://<host of the tunnel>",
    `3. On https://dashboard.tryterra.co, under Destinations, add the webhook ${destination('https://<host of the tunnel>')}`,
    '   and copy its signing secret to TERRA_SIGNING_SECRETS in .env.',
    '4. Stop this with Ctrl-C, and run npm start again.',
  ].join('\n');
}
