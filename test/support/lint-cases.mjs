// Lints texts as if they stood in given files of this repository, and prints what was found. A program of its own,
// because jest cannot load our lint rules, which are an ES module. stdin: [{ filePath, text }]; stdout: messages of each.
import { ESLint } from 'eslint';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import tseslint from 'typescript-eslint';

const root = join(import.meta.dirname, '..', '..');
const eslint = new ESLint({
  cwd: root,
  // The files do not exist, so that nothing is known about their types.
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
