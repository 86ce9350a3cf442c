import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';

/** Where a question is shown and answered. */
interface Terminal {
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  output: NodeJS.WritableStream;
}

/**
 * Asks whether to go on.
 *
 * @returns whether the answer is yes; an empty answer and the end of the input mean no
 * @throws Error when there is no terminal: a script must say `--yes`
 */
export async function confirm(
  statement: string,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<boolean> {
  if (!input.isTTY)
    throw new Error(`${statement}\nThere is no terminal to ask for a confirmation: add --yes to go on.`);
  const terminal = createInterface({ input, output });
  // Without this, the question would wait for ever after the end of the input (Ctrl-D).
  const ended = once(terminal, 'close').then(() => '');
  try {
    const answer = await Promise.race([terminal.question(`${statement}\nGo on? [y/N] `), ended]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
