import type { Command } from 'commander';
import { addCommands, createProgram, exitCodeOf } from '.';

/** Values that the commands accept, for options that they require. */
const VALID: Record<string, string> = {
  '--name': 'billing',
  '--scopes': 'admin',
  '--reason': 'why',
  '--url': 'https://hooks.example.com/terra',
  '--types': '*',
  '--from': '2026-11-23',
};

async function createAll(): Promise<Command> {
  const program = createProgram('1.2.3');
  await addCommands(program);
  const silent = { writeOut: () => undefined, writeErr: () => undefined };
  for (const command of [program, ...allBelow(program)]) command.configureOutput(silent);
  return program;
}

const allBelow = (command: Command): Command[] =>
  command.commands.flatMap((child) => [child, ...allBelow(child)]);
const pathOf = (command: Command): string[] =>
  command.parent ? [...pathOf(command.parent), command.name()] : [];

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

/** Runs the command line, with every action replaced. @returns the exit code, or `ran` */
async function run(args: string[]): Promise<number | 'ran'> {
  const program = await createAll();
  for (const command of allBelow(program)) {
    if (command.commands.length === 0) command.action(() => undefined);
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return 'ran';
  } catch (error) {
    return exitCodeOf(error);
  }
}

describe('The commands', () => {
  it('each show examples in their help that they accept themselves', async () => {
    const all = allBelow(await createAll());
    expect(all.length).toBeGreaterThan(10);
    for (const command of all) {
      const [, examples = ''] = helpOf(command).split('Examples:\n');
      const lines = examples.split('\n').filter((line) => line !== '');
      expect({ command: pathOf(command), lines: lines.length }).not.toMatchObject({ lines: 0 });
      for (const line of lines) {
        const [name, ...args] = line.match(/"[^"]*"|\S+/g) ?? [];
        expect({ line, name, ran: await run(args) }).toEqual({ line, name: 'terra-connect', ran: 'ran' });
      }
    }
  });

  it('each reject an empty argument, and an empty value of every option, as wrong usage', async () => {
    let tried = 0;
    for (const command of allBelow(await createAll()).filter(({ commands }) => commands.length === 0)) {
      const needed = command.options
        .filter(({ mandatory }) => mandatory)
        .flatMap(({ long }) => [long ?? '', VALID[long ?? ''] ?? '']);
      const args = command.registeredArguments.map(() => 'user-1');
      const valid = [...pathOf(command), ...needed, ...args];
      expect({ valid, ran: await run(valid) }).toMatchObject({ ran: 'ran' });
      const wrong = command.options
        .filter(({ required }) => required)
        .map(({ long }) => [...valid, long ?? '', ' ']);
      if (args.length > 0) wrong.push([...pathOf(command), ...needed, '']);
      for (const line of wrong) expect({ line, code: await run(line) }).toMatchObject({ code: 2 });
      tried += wrong.length;
    }
    expect(tried).toBeGreaterThan(20);
  });

  it.each([
    ['a command that does not exist', ['nothing']],
    ['an option that does not exist', ['sweep', '--all']],
    ['a missing option', ['api-key', 'create', '--name', 'x']],
    ['an unknown scope', ['api-key', 'create', '--name', 'x', '--scopes', 'everything']],
    ['no scope', ['api-key', 'create', '--name', 'x', '--scopes', ',']],
    ['a control character in a name', ['api-key', 'create', '--name', 'x\u0007', '--scopes', 'admin']],
    ['a wait that is no number', ['migrate', '--wait', '1e1']],
    ['options that exclude each other', ['sweep', '--dry-run', '--force']],
    ['nothing at all', []],
  ])('end with 2 for %s', async (_, args) => expect(await run(args)).toBe(2));

  it('end with 0 for the help and the version, and with 1 for every other failure', async () => {
    expect(await run(['--version'])).toBe(0);
    expect(await run(['api-key', 'create', '--help'])).toBe(0);
    expect(exitCodeOf(new Error('Postgres does not answer.'))).toBe(1);
  });

  it('print JSON wherever they print a list', async () => {
    const lists = [
      'api-key list',
      'endpoint list',
      'webhook-events list',
      'webhook-events replay',
      'sweep',
      'reconcile',
      'doctor',
    ];
    const all = allBelow(await createAll());
    const withJson = all.filter(({ options }) => options.some(({ long }) => long === '--json'));
    expect(withJson.map((command) => pathOf(command).join(' ')).sort()).toEqual(lists.sort());
  });
});
