import { parseArgs } from 'node:util';
import { findScenario, SCENARIOS, UnknownScenarioError, type PlayedScenario } from '../sandbox';
import { LauncherError } from './launcher-error';
import { loadEnvFile, sandboxPortFrom } from './settings';

const USAGE = `Usage: npm run scenario -- <name> [--reference <id>] [--provider <code>] [--sandbox <url>]
       npm run scenario -- --end    (back to a Terra that behaves)
       npm run scenario             (this list)`;
const ANSWER_TIMEOUT_MS = 10_000;

/** Plays a scenario at a sandbox that is running already, such as the one of `npm start` in another terminal. */
async function main(args: string[]): Promise<void> {
  loadEnvFile('.env');
  const { name, end, list, sandbox, ...options } = readArguments(args);
  if (list) return console.log(scenarioList());
  const url = sandboxUrl(sandbox);
  if (end) {
    await post(url, '/sandbox/behaviour/reset', {}, 'webhooks');
    return console.log(
      'Every switch of the sandbox is as at the start. What has happened to accounts stays.',
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
  const { values, positionals } = parsed(args);
  const [name, ...more] = positionals;
  if (more.length > 0) throw new LauncherError(`One scenario at a time: they do not add up.\n\n${USAGE}`);
  if (name && values.end) throw new LauncherError(`Either a scenario or --end.\n\n${USAGE}`);
  return {
    name: name ?? '',
    referenceId: values.reference,
    provider: values.provider,
    sandbox: values.sandbox,
    end: values.end ?? false,
    list: values.list ?? values.help ?? (!name && !values.end),
  };
}

function parsed(args: string[]) {
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
    const [whatIsWrong] = (error as Error).message.split('. ');
    throw new LauncherError(`${whatIsWrong}\n\n${USAGE}`);
  }
}

function sandboxUrl(given: string | undefined): string {
  const url = given ?? `http://localhost:${sandboxPortFrom(process.env)}`;
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new LauncherError(`--sandbox takes an address such as http://localhost:3001, not "${url}".`);
  }
  return url.replace(/\/+$/, '');
}

/** Answers with what has the expected field; anything else is not from a sandbox. */
async function post(sandbox: string, path: string, body: object, expected: string): Promise<object> {
  const answer = await fetch(sandbox + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw new LauncherError(
      `No sandbox answers at ${sandbox} (${causeOf(error)}). Run "npm start" in another terminal (it starts one ` +
        'unless Terra credentials are set), or say where it is: --sandbox <url>, or its port in SANDBOX_PORT.',
    );
  });
  const json = ((await answer.json().catch(() => null)) ?? {}) as { message?: unknown };
  if (answer.ok && expected in json) return json;
  if (!answer.ok && typeof json.message === 'string') {
    throw new LauncherError(`The sandbox at ${sandbox} refuses: ${json.message}`);
  }
  throw new LauncherError(`What answers at ${sandbox} is not the sandbox (HTTP ${answer.status}).`);
}

function causeOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? (cause?.message || message);
}

function scenarioList(): string {
  const entries = Object.entries(SCENARIOS).map(([name, { means }]) => `  ${name}\n${wrapped(means, 6)}`);
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
    wrapped(means, 2),
    '',
    ...lines.map(([title, texts]) => `  ${title.padEnd(13)}${texts.join(indent) || 'none'}`),
    '',
    'It stays in force until the next one, or: npm run scenario -- --end',
  ].join('\n');
}

function wrapped(text: string, indent: number): string {
  const margin = ' '.repeat(indent);
  return text.replace(/(.{1,84})(?:\s+|$)/g, `${margin}$1\n`).trimEnd();
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const isForPerson = error instanceof LauncherError || error instanceof UnknownScenarioError;
  console.error(isForPerson ? error.message : error);
  process.exitCode = 1;
});
