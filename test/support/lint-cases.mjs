// Lints texts as if they were files of this repository, and prints the findings. This is a separate program because our
// lint rules are an ES module, which jest cannot load. stdin: [{ filePath, text }]; stdout: one list of messages per text.
import { ESLint } from 'eslint';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import tseslint from 'typescript-eslint';

const root = join(import.meta.dirname, '..', '..');
const eslint = new ESLint({
  cwd: root,
  // The files do not exist, so the linter has no types for them.
  overrideConfig: [
    {
      files: ['**/*.ts'],
      ...tseslint.configs.disableTypeChecked,
      languageOptions: { parserOptions: { projectService: false } },
    },
  ],
});
const cases = JSON.parse(await text(process.stdin));
const found = [];
for (const { filePath, text: code } of cases) {
  const [result] = await eslint.lintText(code, { filePath: join(root, filePath) });
  found.push(result.messages.map(({ ruleId, message }) => `${ruleId}: ${message}`));
}
process.stdout.write(JSON.stringify(found));
