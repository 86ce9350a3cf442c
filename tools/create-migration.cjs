'use strict';

// npm run migration:create -- add-x: a file with the class, and its place in the list. Uses nothing but Node, and builds
// nothing: while a migration is being written, the rest often does not compile.
const fs = require('node:fs');
const path = require('node:path');

const folder = path.resolve(__dirname, '..', 'migrations');
const list = path.join(folder, 'index.ts');

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

const name = process.argv[2] ?? '';
if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
  fail('Usage: npm run migration:create -- add-x   (lower case, words joined by hyphens, a verb first)');
}

const stamps = fs.readdirSync(folder).map((file) => Number(/^(\d{13})-/.exec(file)?.[1] ?? 0));
// They run in the order of their stamps, and a new one runs last, whatever this machine's clock says.
const stamp = Math.max(Date.now(), Math.max(...stamps) + 1);
const words = name.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
const className = `${words.join('')}${stamp}`;
if (fs.readdirSync(folder).some((file) => file.replace(/^\d+-/, '') === `${name}.ts`)) {
  fail(
    `There is a migration "${name}" already; shipped ones are never edited, so give this one a name of its own.`,
  );
}

const text = `import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ${className} implements MigrationInterface {
  name = '${className}';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(\`\`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(\`\`);
  }
}
`;

const before = fs.readFileSync(list, 'utf8');
const found = /export const MIGRATIONS = \[([^\]]*)\];/.exec(before);
if (!found) fail('migrations/index.ts has no line "export const MIGRATIONS = [...];" to add to.');
const classes = found[1]
  .split(',')
  .map((item) => item.trim())
  .filter(Boolean)
  .concat(className);
const oneLine = `export const MIGRATIONS = [${classes.join(', ')}];`;
const lines =
  oneLine.length <= 110
    ? oneLine
    : `export const MIGRATIONS = [\n${classes.map((item) => `  ${item},\n`).join('')}];`;
const imports = before.match(/^import .*$/gm) ?? [];
const last = imports.at(-1);
const added = `import { ${className} } from './${stamp}-${name}';`;
const after = (last ? before.replace(last, `${last}\n${added}`) : `${added}\n\n${before}`).replace(
  found[0],
  lines,
);

const file = path.join(folder, `${stamp}-${name}.ts`);
fs.writeFileSync(file, text, { flag: 'wx' });
fs.writeFileSync(list, after);
process.stdout.write(`${path.relative(process.cwd(), file)} is made and listed in migrations/index.ts.
Write up and down, then: npm run db:dump, and commit both.
`);
