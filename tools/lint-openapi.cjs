'use strict';

// Lints openapi.json with Redocly (redocly.yaml) and Spectral (.spectral.yaml). A warning is an error.
const { spawnSync } = require('node:child_process');
const { dirname, join } = require('node:path');

const programOf = (manifest, name) => join(dirname(manifest), require(manifest).bin[name]);
const redocly = programOf(require.resolve('@redocly/cli/package.json'), 'redocly');
const spectral = programOf(require.resolve('@stoplight/spectral-cli/package.json'), 'spectral');

const LINTERS = [
  [redocly, 'lint', 'openapi.json', '--format=stylish'],
  [spectral, 'lint', 'openapi.json', '--fail-severity=warn'],
];

// Redocly would ask npm's registry for a newer version, and report its use.
const env = { ...process.env, REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', REDOCLY_TELEMETRY: 'off' };
const cwd = join(__dirname, '..');
const codes = LINTERS.map((args) => spawnSync(process.execPath, args, { cwd, env, stdio: 'inherit' }).status);
process.exitCode = codes.every((code) => code === 0) ? 0 : 1;
