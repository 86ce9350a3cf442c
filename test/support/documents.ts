import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = join(__dirname, '..', '..');

/** A code block of a document. */
export interface Snippet {
  /** The path of the document, with the line of the block. */
  place: string;
  document: string;
  /** Empty for a drawing. */
  language: string;
  text: string;
  /** Why the test does not run the block: `<!-- not run: … -->` above it. */
  notRun: string | undefined;
}

/** The paths of every document that people read. */
export function documents(): string[] {
  const inFolder = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return inFolder(path);
      return entry.name.endsWith('.md') ? [path] : [];
    });
  return ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...inFolder('docs')].sort();
}

export const readDocument = (path: string): string => readFileSync(join(root, path), 'utf8');

export const snippets = (): Snippet[] => documents().flatMap((path) => snippetsIn(path, readDocument(path)));

export function snippetsIn(document: string, text: string): Snippet[] {
  const found: Snippet[] = [];
  let open: (Snippet & { indent: string; lines: string[] }) | undefined;
  let notRun: string | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const [, indent = '', language = ''] = /^( *)```([\w-]*)/.exec(line) ?? [];
    const isFence = /^ *```/.test(line);
    if (open) {
      if (!isFence) open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
      else {
        found.push({ ...open, text: open.lines.join('\n') });
        open = undefined;
      }
      continue;
    }
    if (isFence) {
      const place = `${relative(root, join(root, document))}:${index + 1}`;
      open = { place, document, language, text: '', notRun, indent, lines: [] };
    }
    if (isFence || line.trim() !== '') notRun = /^ *<!-- not run: (.+) -->$/.exec(line)?.[1];
  }
  if (open) throw new Error(`The code block at ${open.place} has no end.`);
  return found;
}

/** The texts between single backticks outside of code blocks. */
export function inlineCodeOf(text: string): string[] {
  const withoutBlocks = text.replace(/^ *```[^]*?^ *```$/gm, '');
  return [...withoutBlocks.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}
