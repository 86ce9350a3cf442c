import { PassThrough } from 'node:stream';
import { confirm } from './confirm';

async function ask(answer: string): Promise<{ confirmed: boolean; shown: string }> {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = new PassThrough();
  const asked = confirm('This reverts a migration.', { input, output });
  input.write(`${answer}\n`);
  return { confirmed: await asked, shown: String(output.read()) };
}

describe('a confirmation', () => {
  it('shows what will happen and takes only yes for yes', async () => {
    expect((await ask('y')).shown).toBe('This reverts a migration.\nGo on? [y/N] ');
    for (const answer of ['y', 'Yes', ' YES ']) expect((await ask(answer)).confirmed).toBe(true);
    for (const answer of ['', 'n', 'no', 'yesterday']) expect((await ask(answer)).confirmed).toBe(false);
  });

  it('is not given by the end of the input', async () => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const asked = confirm('This reverts a migration.', { input, output: new PassThrough() });
    input.end();
    expect(await asked).toBe(false);
  });

  it('is not assumed without a terminal', async () => {
    const terminal = { input: new PassThrough(), output: new PassThrough() };
    await expect(confirm('This reverts a migration.', terminal)).rejects.toThrow('add --yes');
  });
});
