import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import * as ts from 'typescript';
import { parse, parseAllDocuments } from 'yaml';
import { Metrics } from '../src/observability';
import { documents, inlineCodeOf, readDocument, snippets } from './support/documents';

const root = join(__dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const blocks = snippets();
const blocksIn = (...languages: string[]): typeof blocks =>
  blocks.filter(({ language }) => languages.includes(language));

/** Compiles each text as a file beside package.json, with the settings of this repository and the built package. */
function compilerErrors(texts: Map<string, string>): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file)) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const original = host.getSourceFile.bind(host);
  const textOf = (file: string): string | undefined => texts.get(file);
  host.fileExists = (file) => textOf(file) !== undefined || ts.sys.fileExists(file);
  host.readFile = (file) => textOf(file) ?? ts.sys.readFile(file);
  host.getSourceFile = (file, languageVersion, ...rest) => {
    const text = textOf(file);
    return text === undefined
      ? original(file, languageVersion, ...rest)
      : ts.createSourceFile(file, text, languageVersion);
  };
  const program = ts.createProgram(
    [...texts.keys()],
    { ...options, noEmit: true, paths: { 'terra-connect': ['./dist/src/index.d.ts'] } },
    host,
  );
  return ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ file, start = 0, messageText }) =>
        `${file?.fileName ?? ''}:${(file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
}

describe('The code in the documents', () => {
  it('is in a language that a test reads', () => {
    const read = ['sh', 'ts', 'json', 'yaml', 'sql', 'nginx', 'mermaid', ''];
    expect(blocks.filter(({ language }) => !read.includes(language))).toEqual([]);
    expect(blocksIn('sh', 'ts', 'json', 'yaml', 'sql').length).toBeGreaterThan(15);
  });

  it('compiles with the settings of this repository, and would not if it named what the package lacks', () => {
    const texts = new Map(
      blocksIn('ts').map(({ text }, index) => [join(root, `document-${index}.ts`), text] as const),
    );
    expect(texts.size).toBeGreaterThan(2);
    const wrong =
      "import { NoSuchService } from 'terra-connect';\nexport const service = new NoSuchService();\n";
    const errors = compilerErrors(texts.set(join(root, 'wrong.ts'), wrong));
    expect(errors).toEqual([expect.stringContaining('NoSuchService')]);
  }, 120_000);

  it('is valid JSON and YAML', () => {
    for (const { place, text } of blocksIn('json'))
      expect({ place, isValue: JSON.parse(text) !== null }).toEqual({ place, isValue: true });
    for (const { place, text } of blocksIn('yaml')) {
      const errors = parseAllDocuments(text).flatMap((document) => document.errors);
      expect({ place, errors }).toEqual({ place, errors: [] });
    }
  });

  it('consists of commands that every shell takes from the clipboard: zsh runs a comment as a command', () => {
    const comments = blocksIn('sh').filter(({ text, notRun }) => !notRun && /(^|\s)#/m.test(text));
    expect(comments).toEqual([]);
  });

  it('is run, with few exceptions, each of which says why', () => {
    const exceptions = blocks.filter(({ notRun }) => notRun !== undefined);
    expect(exceptions.filter(({ language, notRun }) => language !== 'sh' || notRun!.length < 30)).toEqual([]);
    expect(exceptions.length).toBeLessThanOrEqual(3);
  });
});

describe('The documents', () => {
  it.each(documents())('%s links only to files and headings that exist', (document) => {
    const text = readDocument(document).replace(/^ *```[^]*?^ *```$/gm, '');
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const broken = links.filter((link) => {
      if (/^(https?|mailto):/.test(link)) return false;
      const [path = '', heading] = link.split('#');
      const target = path === '' ? document : normalize(join(dirname(document), path));
      if (!existsSync(join(root, target))) return true;
      return heading !== undefined && !headingsOf(target).includes(heading);
    });
    expect(broken).toEqual([]);
  });

  it('name only npm commands that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = documents().flatMap((path) =>
      [...readDocument(path).matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name = '']) => name),
    );
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('name only metrics that exist', () => {
    const names = metrics().map(({ name }) => name);
    // The CHANGELOG names metrics of older versions.
    const named = documents()
      .filter((path) => path !== 'CHANGELOG.md')
      .flatMap((path) => inlineCodeOf(readDocument(path)))
      .flatMap((code) => /^terra_connect_[a-z_]+[a-z]/.exec(code)?.[0] ?? []);
    expect(named.filter((name) => !names.includes(name) && name !== 'terra_connect_migrations')).toEqual([]);
  });
});

describe('ops/alerts.yml', () => {
  interface Rule {
    alert: string;
    expr: string;
    annotations: { summary: string };
  }
  const { groups } = parse(read('ops/alerts.yml')) as { groups: { rules: Rule[] }[] };
  const rules = groups.flatMap((group) => group.rules);

  it('uses only metrics and labels that exist', () => {
    const used = rules.flatMap(({ alert, expr }) =>
      expr.split(/\b(?=terra_connect_)/).flatMap((text) => {
        const [, name, labels = ''] = /^(terra_connect_\w+)(?:\{([^}]*)\})?/.exec(text) ?? [];
        const used = labels.split(',').flatMap((condition) => /^ *(\w+)/.exec(condition)?.[1] ?? []);
        return name ? [{ alert, name: name.replace(/_count$/, ''), labels: used }] : [];
      }),
    );
    expect(used.length).toBeGreaterThanOrEqual(rules.length);
    const unknown = used.filter(({ name, labels }) => {
      const metric = metrics().find((one) => one.name === name);
      return !metric || labels.some((label) => !metric.labelNames.includes(label));
    });
    expect(unknown).toEqual([]);
  });

  it('has each alarm that docs/operations.md explains, and no other', () => {
    const section = readDocument('docs/operations.md').split('\n## Alarms')[1]!.split('\n## ')[0]!;
    const explained = [...section.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
    expect(explained.sort()).toEqual(rules.map(({ alert }) => alert).sort());
  });
});

describe('docker-compose.yml', () => {
  it('is YAML without errors, whose services depend on each other only', () => {
    const { services } = parse(read('docker-compose.yml'), { strict: true }) as {
      services: Record<string, { depends_on?: Record<string, unknown> }>;
    };
    const needed = Object.values(services).flatMap(({ depends_on }) => Object.keys(depends_on ?? {}));
    expect(needed.filter((name) => !(name in services))).toEqual([]);
  });
});

/** The anchors of a document's headings, as GitHub makes them. */
function headingsOf(document: string): string[] {
  return [...readDocument(document).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

function metrics(): { name: string; labelNames: readonly string[] }[] {
  return Object.values(new Metrics()).filter(
    (value: unknown): value is { name: string; labelNames: readonly string[] } =>
      typeof value === 'object' && value !== null && 'labelNames' in value,
  );
}
