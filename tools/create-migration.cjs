'use strict';

// "npm run migration:create -- add-x" creates a migration file and adds its class to the list in migrations/index.ts. It
// needs Node only and no build: while you write a migration, the rest of the code often does not compile.
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
  fail(
    'Usage: npm run migration:create -- <name>   (lower case, hyphens between words, a verb first: add-x)',
  );
}

const timestamps = fs.readdirSync(folder).map((file) => Number(/^(\d{13})-/.exec(file)?.[1] ?? 0));
// Migrations run in the order of their timestamps. The new one must run last, even if this machine's clock is behind.
const timestamp = Math.max(Date.now(), Math.max(...timestamps) + 1);
const words = name.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
const className = `${words.join('')}${timestamp}`;
if (fs.readdirSync(folder).some((file) => file.replace(/^\d+-/, '') === `${name}.ts`)) {
  fail(
    `A migration "${name}" exists already. Never edit a migration that has shipped; choose another name for the new one.`,
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
if (!found)
  fail('migrations/index.ts has no "export const MIGRATIONS = [...];". Add that list, then try again.');
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
const added = `import { ${className} } from './${timestamp}-${name}';`;
const after = (last ? before.replace(last, `${last}\n${added}`) : `${added}\n\n${before}`).replace(
  found[0],
  lines,
);

const file = path.join(folder, `${timestamp}-${name}.ts`);
fs.writeFileSync(file, text, { flag: 'wx' });
fs.writeFileSync(list, after);
process.stdout.write(`Created ${path.relative(process.cwd(), file)} and added it to migrations/index.ts.
Write up() and down(), run "npm run db:dump", and commit the migration with schema.sql.
`);
