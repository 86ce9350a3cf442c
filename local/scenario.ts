import { parseArgs } from 'node:util';
import { findScenario, SCENARIOS, UnknownScenarioError, type PlayedScenario } from '../sandbox';
import { LauncherError } from './launcher-error';
import { loadEnvFile, sandboxPortFrom } from './settings';

const USAGE = `Usage: npm run scenario -- <name> [--reference <id>] [--provider <code>] [--sandbox <url>]
       npm run scenario -- --end    (resets the sandbox: Terra behaves normally again)
       npm run scenario             (shows this text and lists the scenarios)`;
const ANSWER_TIMEOUT_MS = 10_000;

/** Plays a scenario at a running sandbox, such as the one that `npm start` runs in another terminal. */
async function main(args: string[]): Promise<void> {
  loadEnvFile('.env');
  const { name, end, list, sandbox, ...options } = readArguments(args);
  if (list) return console.log(scenarioList());
  const url = sandboxUrl(sandbox);
  if (end) {
    await post(url, '/sandbox/behaviour/reset', {}, 'webhooks');
    return console.log(
      'Every switch of the sandbox has its initial value again. The connected accounts have not changed.',
    );
  }
  const { means } = findScenario(name);
  const played = (await post(url, `/sandbox/scenarios/${name}`, options, 'deliveries')) as PlayedScenario;
  console.log(report(played, means));
}

interface Arguments {
  name: string;
  referenceId?: string;
  provider?: string;
  sandbox?: string;
  end: boolean;
  list: boolean;
}

function readArguments(args: string[]): Arguments {
  const { values, positionals } = parseOptions(args);
  const [name, ...more] = positionals;
  if (more.length > 0)
    throw new LauncherError(`Name only one scenario: each scenario replaces the one before.\n\n${USAGE}`);
  if (name && values.end) throw new LauncherError(`Use a scenario name or --end, not both.\n\n${USAGE}`);
  return {
    name: name ?? '',
    referenceId: values.reference,
    provider: values.provider,
    sandbox: values.sandbox,
    end: values.end ?? false,
    list: values.list ?? values.help ?? (!name && !values.end),
  };
}

function parseOptions(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        reference: { type: 'string' },
        provider: { type: 'string' },
        sandbox: { type: 'string' },
        end: { type: 'boolean' },
        list: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    const [problem] = (error as Error).message.split('. ');
    throw new LauncherError(`${problem}\n\n${USAGE}`);
  }
}

function sandboxUrl(given: string | undefined): string {
  const url = given ?? `http://localhost:${sandboxPortFrom(process.env)}`;
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new LauncherError(`--sandbox must be a URL such as http://localhost:3001, not "${url}".`);
  }
  return url.replace(/(?<!\/)\/+$/, '');
}

/** Returns the sandbox's answer. Throws if the expected field is missing, because then another server has answered. */
async function post(sandbox: string, path: string, body: object, expectedField: string): Promise<object> {
  const answer = await fetch(sandbox + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw new LauncherError(
      `No sandbox answers at ${sandbox} (${causeOf(error)}). Run "npm start" in another terminal; it starts a sandbox ` +
        'unless Terra credentials are set. If the sandbox runs elsewhere, use --sandbox <url> or set SANDBOX_PORT.',
    );
  });
  const json = ((await answer.json().catch(() => null)) ?? {}) as { message?: unknown };
  if (answer.ok && expectedField in json) return json;
  if (!answer.ok && typeof json.message === 'string') {
    throw new LauncherError(`The sandbox at ${sandbox} rejected the request: ${json.message}`);
  }
  throw new LauncherError(
    `The server at ${sandbox} is not a Terra sandbox (HTTP ${answer.status}). Use --sandbox <url> or set SANDBOX_PORT.`,
  );
}

function causeOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? (cause?.message || message);
}

function scenarioList(): string {
  const entries = Object.entries(SCENARIOS).map(([name, { means }]) => `  ${name}\n${wrap(means, 6)}`);
  return [USAGE, '', 'Scenarios:', ...entries].join('\n');
}

function report(played: PlayedScenario, means: string): string {
  const switches = Object.entries(played.switches).map(([name, value]) => `${name}=${String(value)}`);
  const users = played.users.map(
    ({ user_id, reference_id, active }) =>
      `${user_id} for ${reference_id}${active ? '' : ' (replaced since)'}`,
  );
  const webhooks = played.deliveries.map(({ type, state }) => `${type} (${state})`);
  const lines: [string, string[]][] = [
    ['Reference', [`${played.referenceId}, ${played.provider}`]],
    ['Switches', switches],
    ['Terra users', users],
    ['Webhooks', webhooks],
  ];
  const indent = `\n${' '.repeat(15)}`;
  return [
    `Played ${played.name}.`,
    wrap(means, 2),
    '',
    ...lines.map(([title, texts]) => `  ${title.padEnd(13)}${texts.join(indent) || 'none'}`),
    '',
    'The scenario stays active until you play another one or run: npm run scenario -- --end',
  ].join('\n');
}

function wrap(text: string, indent: number): string {
  const margin = ' '.repeat(indent);
  return text.replace(/(.{1,84})(?:\s+|$)/g, `${margin}$1\n`).trimEnd();
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const isUserError = error instanceof LauncherError || error instanceof UnknownScenarioError;
  console.error(isUserError ? error.message : error);
  process.exitCode = 1;
});
