import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '..');

/** Where the built programs are: seen from a built file as well as from its source, which is how tests come here. */
export const BUILT = existsSync(join(root, 'package.json')) ? join(root, 'dist') : root;
