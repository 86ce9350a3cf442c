import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GENERATED_FILES, type GeneratedFile } from './generated-files';

/** Fails when a generated file is not what the code says now. */
async function main(): Promise<void> {
  let drifted = 0;
  for (const file of GENERATED_FILES) {
    const wanted = await file.generate();
    const committed = existsSync(file.path) ? readFileSync(file.path, 'utf8') : '';
    if (wanted === committed) {
      console.log(`${file.name} says what the code says.`);
      continue;
    }
    drifted += 1;
    showDifference(file, wanted);
    console.error(
      `${file.name} is not what the code says (+ above). If the change is meant: ${file.script}, and commit it.\n`,
    );
  }
  if (drifted > 0) throw new Error(`${drifted} of ${GENERATED_FILES.length} generated files have drifted.`);
}

function showDifference(file: GeneratedFile, wanted: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'terra-connect-drift-'));
  try {
    writeFileSync(join(folder, file.name), wanted);
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
