import { createRequire } from 'node:module';

interface Check {
  versions: Record<string, string>;
  changelog: string;
  released: { version: string; contract: string[] };
  contract: string[];
}

// The tools are JavaScript, because `npm run check` runs them without a build.
const load = createRequire(__filename);
const { breakingChanges, contractOf } = load('../tools/contract.cjs') as {
  breakingChanges: (before: string[], now: string[]) => string[];
  contractOf: (document: object, envExample: string) => string[];
};
const { versionProblems } = load('../tools/check-version.cjs') as {
  versionProblems: (check: Check) => string[];
};

const json = (schema: object): object => ({ content: { 'application/json': { schema } } });
const textFields = (...names: string[]): Record<string, object> =>
  Object.fromEntries(names.map((name) => [name, { type: 'string' }]));

/** A small document: one operation that takes and gives the fields. */
const documentOf = (takes: string[], gives: string[], required: string[] = []): object => ({
  paths: {
    '/v1/things/{id}': {
      post: {
        parameters: [{ in: 'query', name: 'limit' }],
        requestBody: json({ $ref: '#/components/schemas/Request' }),
        responses: { 201: json({ type: 'array', items: { properties: textFields(...gives) } }) },
      },
    },
  },
  components: { schemas: { Request: { properties: textFields(...takes), required } } },
});
const VARIABLES = 'PORT=3000\n# LOG_LEVEL\nLOG_LEVEL=info\n';
const before = contractOf(documentOf(['name'], ['id', 'name']), VARIABLES);

describe('The contract of a version', () => {
  it('has every variable, operation, accepted and returned field', () => {
    expect(before).toEqual([
      'POST /v1/things/{}',
      'POST /v1/things/{} 201 gives [].id',
      'POST /v1/things/{} 201 gives [].name',
      'POST /v1/things/{} answers 201',
      'POST /v1/things/{} takes name',
      'POST /v1/things/{} takes query limit',
      'variable LOG_LEVEL',
      'variable PORT',
    ]);
  });

  it.each<
    [
      change: string,
      takes: string[],
      gives: string[],
      required: string[],
      variables: string,
      breaks: string[],
    ]
  >([
    ['an optional field and a returned field', ['name', 'x'], ['id', 'name', 'x'], [], VARIABLES, []],
    ['a removed field', ['name'], ['id'], [], VARIABLES, ['removed: POST /v1/things/{} 201 gives [].name']],
    [
      'a field that a request no longer takes',
      [],
      ['id', 'name'],
      [],
      VARIABLES,
      ['removed: POST /v1/things/{} takes name'],
    ],
    [
      'a field that a request needs now',
      ['name'],
      ['id', 'name'],
      ['name'],
      VARIABLES,
      ['new: POST /v1/things/{} needs name'],
    ],
    ['a removed variable', ['name'], ['id', 'name'], [], 'PORT=1\n', ['removed: variable LOG_LEVEL']],
    ['a new variable', ['name'], ['id', 'name'], [], `${VARIABLES}NEW=\n`, []],
  ])('is compared: %s', (_, takes, gives, required, variables, breaks) => {
    expect(breakingChanges(before, contractOf(documentOf(takes, gives, required), variables))).toEqual(
      breaks,
    );
  });
});

describe('The check of the version', () => {
  const LOG =
    '# Changelog\n\n## 0.2.0 (unreleased)\n\n### Breaking\n\n- A field left.\n\n## 0.1.0 (2026-11-23)\n';
  const same = { version: '0.1.0', contract: before };
  const broken = before.filter((line) => line !== 'variable PORT');
  const check = (version: string, contract = broken, changelog = LOG): string =>
    versionProblems({
      versions: { 'package.json': version, 'openapi.json': version },
      changelog,
      released: same,
      contract,
    }).join('\n');

  it('passes for a breaking change with a version and a heading', () => expect(check('0.2.0')).toBe(''));

  it('fails for any change of a released version', () => {
    const log = LOG.replace('0.2.0 (unreleased)', '0.1.0 (2026-11-23)');
    expect(check('0.1.0', [...before, 'variable NEW'], log)).toContain('raise the version in package.json');
    expect(check('0.1.0', before, log)).toBe('');
  });

  it('fails for a breaking change in a version that may not break', () => {
    const log = LOG.replace('0.2.0', '0.1.1');
    expect(check('0.1.1', broken, log)).toContain('break callers or operators of 0.1.0');
    expect(check('0.1.1', [...before, 'variable NEW'].sort(), log)).toBe('');
  });

  it('fails for a breaking change that the changelog does not name', () => {
    expect(check('0.2.0', broken, LOG.replace('- A field left.\n', ''))).toContain(
      'nothing under "### Breaking"',
    );
    expect(check('0.2.0', broken, LOG.replace('### Breaking', '### Added'))).toContain(
      'removed: variable PORT',
    );
  });

  it('fails if two places name different versions', () => {
    const versions = { 'package.json': '0.2.0', 'openapi.json': '0.1.0' };
    const problems = versionProblems({ versions, changelog: LOG, released: same, contract: before });
    expect(problems).toEqual(['openapi.json says 0.1.0, but package.json says 0.2.0.']);
    expect(check('0.3.0')).toContain('The newest heading of CHANGELOG.md is 0.2.0: it must be 0.3.0.');
  });
});
