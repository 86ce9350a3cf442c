import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freeLauncherPorts, LauncherRun } from '../stage/launcher-run';
import { documents, inlineCodeOf, readDocument, snippetsIn } from '../support/documents';
import { connectThroughWidget } from '../support/sandbox';
import { PastingShell } from './pasting-shell';

const repository = join(__dirname, '..', '..');
const NOT_OF_A_CLONE = ['.data', '.env', '.git'];
const START_TIMEOUT_MS = 180_000;

/** The fields of a document's answer, with the type of each. A list stands for the first of its items. */
function shapeOf(value: unknown, like: unknown): unknown {
  if (Array.isArray(like)) return [shapeOf((value as unknown[] | undefined)?.[0], like[0])];
  if (typeof like === 'object' && like !== null) {
    const entries = Object.entries(like).map(([name, part]): [string, unknown] => [
      name,
      shapeOf((value as Record<string, unknown> | undefined)?.[name], part),
    ]);
    return Object.fromEntries(entries);
  }
  return typeof value;
}

/** Does in the browser what a reader does who opens the link: picks a provider, allows access, and returns. */
async function connectInBrowser(connectUrl: string): Promise<void> {
  const widget = (await fetch(connectUrl, { redirect: 'manual' })).headers.get('location');
  const callback = await connectThroughWidget(widget!, { provider: 'GARMIN' });
  await fetch(callback, { redirect: 'manual' });
}

describe('A reader who pastes the commands of a document while npm start runs', () => {
  let folder: string;
  let run: LauncherRun;
  let shell: PastingShell;
  let ports: Record<string, string>;

  beforeAll(async () => {
    // The folder of a fresh clone, without a copy of each file.
    folder = mkdtempSync(join(tmpdir(), 'terra-connect-clone-'));
    for (const name of readdirSync(repository))
      if (!NOT_OF_A_CLONE.includes(name)) symlinkSync(join(repository, name), join(folder, name));
    ports = Object.fromEntries(
      Object.entries(await freeLauncherPorts()).map(([name, port]) => [name, String(port)]),
    );
    run = new LauncherRun({ ...ports, DATA_DIR: join(folder, '.data') }, [
      process.execPath,
      'local/bootstrap.cjs',
      'start',
    ]);
    await run.ready();
  }, START_TIMEOUT_MS);

  afterAll(async () => {
    run.kill('SIGTERM');
    await run.exited;
    rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(() => (shell = new PastingShell(folder, ports)));
  afterEach(() => shell.close());

  const withCommands = documents().filter((path) =>
    snippetsIn(path, readDocument(path)).some(({ language, notRun }) => language === 'sh' && !notRun),
  );

  it('finds commands in the README', () => {
    expect(withCommands).toContain('README.md');
  });

  it.each(withCommands)(
    '%s: every command succeeds, and answers what the document shows',
    async (document) => {
      let output = '';
      for (const { place, language, text, notRun } of snippetsIn(document, readDocument(document))) {
        if (language === 'json' && output !== '') {
          const shown = JSON.parse(text) as unknown;
          const answer = shapeOf(JSON.parse(output), shown);
          expect({ place, answer }).toEqual({ place, answer: shapeOf(shown, shown) });
        }
        output = '';
        if (language !== 'sh' || notRun) continue;
        output = await shell.paste(text).catch((error: Error) => {
          throw new Error(`${place}: ${error.message}`);
        });
        const link = /"connectUrl":"([^"]+)"/.exec(output)?.[1];
        if (link) await connectInBrowser(link);
      }
    },
  );

  it('gets a problem, and no stack, from the commands about a connection of an end user without one', async () => {
    const block = snippetsIn('README.md', readDocument('README.md')).find(({ text }) =>
      text.startsWith('CONNECTION='),
    );
    await shell.paste('. .data/env\nset +e\ncurl() { command curl "$@"; }');
    const output = await shell.paste(block!.text.replaceAll('user-4711', 'nobody'));
    expect(output).toContain('"code":');
    expect(output).not.toMatch(/TypeError|at .*:\d+:\d+/);
  });

  it('can run the commands of the banner', async () => {
    const [, commands = ''] = /\nTry it in another terminal:\n([^]*?)\n\n/.exec(run.output) ?? [];
    expect(await shell.paste(commands)).toContain('"connectUrl"');
    const [, help = ''] = /\n {2}Commands {4}(.*)\n/.exec(run.output) ?? [];
    expect(await shell.paste(help)).toContain('Usage: terra-connect');
  });

  it('finds each command and option of the text in the help of the command', async () => {
    const help = async (words: string[]): Promise<string> => {
      const args = ['dist/src/cli.js', ...words, '--help'];
      return (await promisify(execFile)(process.execPath, args, { cwd: repository })).stdout;
    };
    const names = /^(migrate|api-key|webhook-events|reconcile|sweep|doctor)\b( [a-z]+)?/;
    const named = documents()
      .flatMap((path) => inlineCodeOf(readDocument(path)))
      .map((code) => code.replace(/^(node (--env-file=\S+ )?dist\/src\/cli\.js|(npx )?terra-connect) /, ''))
      .filter((code) => names.test(code) && code.includes(' --'));
    const commandOf = (code: string): string => names.exec(code)![0];
    const commands = [...new Set(named.map(commandOf))];
    expect(commands.length).toBeGreaterThan(3);
    for (const command of commands) {
      const text = await help(command.split(' '));
      const options = named
        .filter((code) => commandOf(code) === command)
        .flatMap((code) => [...code.matchAll(/ (--[\w-]+)/g)].map(([, option = '']) => option));
      expect({ command, missing: options.filter((option) => !text.includes(option)) }).toEqual({
        command,
        missing: [],
      });
    }
  });
});
