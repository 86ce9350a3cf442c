import { join } from 'node:path';
import ts from 'typescript';
import { PROVIDERS } from '../sandbox/account/providers';
import { DATA_TYPES, latestDataEvent } from '../sandbox/data/data-events';

// Terra's types take the compiler some seconds on a busy machine.
jest.setTimeout(60_000);

const ROOT = join(__dirname, '..');
const NOW = Date.parse('2026-11-26T15:20:00Z');
const SDK_TYPES = { activity: 'Activity', athlete: 'Athlete', body: 'Body', daily: 'Daily', sleep: 'Sleep' };

/** Compiles a source text as if it was a file of this folder, and returns what the compiler finds in it. */
function errorsIn(source: string): string[] {
  const options: ts.CompilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
    lib: ['lib.es5.d.ts'],
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  const file = join(ROOT, 'test', 'shapes-to-check.ts');
  const host = ts.createCompilerHost(options);
  const getSourceFile = host.getSourceFile.bind(host);
  host.getSourceFile = (name, version) =>
    name === file ? ts.createSourceFile(name, source, version) : getSourceFile(name, version);
  const program = ts.createProgram([file], options, host);
  return program
    .getSemanticDiagnostics(program.getSourceFile(file))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

const typed = (name: string, value: unknown): string =>
  `export const ${name}_: Terra.${name} = ${JSON.stringify(value)};`;

describe('The health data of the sandbox', () => {
  it("have only the fields and types of Terra's SDK", () => {
    const user = {
      userId: 'user',
      provider: PROVIDERS[5]?.code ?? '',
      referenceId: 'u_1',
      providerAccount: 'u_1@example.com',
      scopes: ['daily'],
      active: true,
      createdAt: NOW,
      lastWebhookUpdate: NOW,
      isAuthenticated: true,
    };
    const objects = DATA_TYPES.map((type) => {
      const { data, athlete } = latestDataEvent(user, type, NOW);
      // The SDK lacks provider_user_id, which only Terra's help pages mention.
      const object = data ? (data as object[])[0] : { ...(athlete as object), provider_user_id: undefined };
      return typed(SDK_TYPES[type], object);
    });
    const wrong = typed('DailyMetadata', { start_time: 'x', end_time: 'y', upload_type: 1, beginning: 'z' });
    const errors = errorsIn([`import type { Terra } from 'terra-api';`, ...objects, wrong].join('\n'));
    expect(errors).toEqual([expect.stringContaining(`'"beginning"' does not exist in type 'DailyMetadata'`)]);
  });
});
