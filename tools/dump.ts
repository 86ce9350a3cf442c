import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { GENERATED_FILES } from './generated-files';

/** Regenerates one generated file: `dump openapi.json`. */
async function main(): Promise<void> {
  const file = GENERATED_FILES.find(({ name }) => name === process.argv[2]);
  if (!file) throw new Error(`Usage: dump ${GENERATED_FILES.map(({ name }) => name).join('|')}`);
  const text = await file.generate();
  const before = existsSync(file.path) ? readFileSync(file.path, 'utf8') : null;
  writeFileSync(file.path, text);
  console.log(before === text ? `${file.name} was up to date.` : `Wrote ${file.name}. Commit it.`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
