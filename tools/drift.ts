import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GENERATED_FILES, type GeneratedFile } from './generated-files';

/** Fails when a generated file differs from what the code generates now. */
async function main(): Promise<void> {
  let outdated = 0;
  for (const file of GENERATED_FILES) {
    const generated = await file.generate();
    const committed = existsSync(file.path) ? readFileSync(file.path, 'utf8') : '';
    if (generated === committed) {
      console.log(`${file.name} is up to date.`);
      continue;
    }
    outdated += 1;
    showDifference(file, generated);
    console.error(
      `${file.name} is out of date; the lines with + above are new. If you want this change, run "${file.script}" and commit the file.\n`,
    );
  }
  if (outdated > 0)
    throw new Error(`${outdated} of ${GENERATED_FILES.length} generated files are out of date.`);
}

function showDifference(file: GeneratedFile, generated: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'terra-connect-drift-'));
  try {
    writeFileSync(join(folder, file.name), generated);
    const before = existsSync(file.path) ? file.path : '/dev/null';
    const args = ['--no-pager', 'diff', '--no-index', '--no-color', '--', before, join(folder, file.name)];
    const { stdout } = spawnSync('git', args, { encoding: 'utf8' });
    if (stdout) console.error(stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
