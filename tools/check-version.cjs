'use strict';

// Checks that the version says what changed since the last release, whose contract is docs/released/contract.json.
// `--record` writes that file: run it in the commit of a release.
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { breakingChanges, contractOf } = require('./contract.cjs');

const SHOWN = 10;

/** What contradicts the version, as texts for the engineer who made the change. */
function versionProblems({ versions, changelog, released, contract }) {
  const [[, version]] = Object.entries(versions);
  const problems = Object.entries(versions)
    .filter(([, other]) => other !== version)
    .map(([place, other]) => `${place} says ${other}, but package.json says ${version}.`);

  const [newest] = sectionsOf(changelog);
  if (!newest || newest.version !== version)
    problems.push(
      `The newest heading of CHANGELOG.md is ${newest ? newest.version : 'missing'}: it must be ${version}.`,
    );

  const changed =
    contract.length !== released.contract.length ||
    contract.some((line, index) => line !== released.contract[index]);
  const order = compare(version, released.version);
  if (order < 0) problems.push(`${version} is lower than ${released.version}, which is released.`);
  if (order === 0 && changed)
    problems.push(
      `The API or the variables differ from ${released.version}, which is released: raise the version in package.json.`,
    );

  const breaking = breakingChanges(released.contract, contract);
  if (order <= 0 || breaking.length === 0) return problems;
  const shown = breaking.slice(0, SHOWN).map((line) => `\n  ${line}`);
  const list = shown.join('') + (breaking.length > SHOWN ? `\n  … and ${breaking.length - SHOWN} more` : '');
  if (!mayBreak(released.version, version))
    problems.push(
      `${breaking.length} changes break callers or operators of ${released.version}: raise the first number of the version that is not 0.${list}`,
    );
  if (!newest || !newest.breaking)
    problems.push(
      `CHANGELOG.md has nothing under "### Breaking" for ${version}, but these changes break:${list}`,
    );
  return problems;
}

function sectionsOf(changelog) {
  return changelog
    .split(/^## /m)
    .slice(1)
    .map((text) => ({
      version: text.split(/\s/)[0],
      breaking: /^### Breaking\n+(?!#)\S/m.test(text),
    }));
}

const numbersOf = (version) => version.split('.').map(Number);

function compare(a, b) {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  const at = left.findIndex((number, index) => number !== right[index]);
  return at < 0 ? 0 : left[at] - right[at];
}

/** Semantic versioning: 1.x breaks with 2.0.0, and 0.1.x with 0.2.0. */
function mayBreak(from, to) {
  const [left, right] = [numbersOf(from), numbersOf(to)];
  const leading = left.findIndex((number) => number > 0);
  const upTo = leading < 0 ? left.length : leading + 1;
  return right.slice(0, upTo).join('.') !== left.slice(0, upTo).join('.');
}

function main() {
  const root = join(__dirname, '..');
  const read = (...path) => readFileSync(join(root, ...path), 'utf8');
  const lock = JSON.parse(read('package-lock.json'));
  const document = JSON.parse(read('openapi.json'));
  const versions = {
    'package.json': JSON.parse(read('package.json')).version,
    'package-lock.json': lock.version,
    'package-lock.json, packages[""]': lock.packages[''].version,
    'openapi.json': document.info.version,
    'src/version.ts': read('src', 'version.ts').match(/VERSION = '([^']+)'/)[1],
  };
  const contract = contractOf(document, read('.env.example'));
  const file = join(root, 'docs', 'released', 'contract.json');
  if (process.argv.includes('--record')) {
    writeFileSync(file, `${JSON.stringify({ version: versions['package.json'], contract }, null, 2)}\n`);
    return;
  }
  const released = JSON.parse(readFileSync(file, 'utf8'));
  const problems = versionProblems({ versions, changelog: read('CHANGELOG.md'), released, contract });
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}

if (require.main === module) main();

module.exports = { versionProblems };
