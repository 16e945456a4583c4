import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readModule, type ModuleFacts } from './read-module.ts';

/** Everything the checks look at: paths relative to the root, texts, and the facts of each module. */
export interface SourceTree {
  readonly paths: readonly string[];
  readonly texts: ReadonlyMap<string, string>;
  readonly modules: readonly ModuleFacts[];
}

const CODE = /\.(ts|tsx|mts|mjs|js)$/;
const NOT_TEXT = /\.(png|jpg|jpeg|webp|gif|ico|woff2?|pdf|zip|bin|gz|p12|der)$/;
const NOT_COMMITTED = new Set(['node_modules', 'dist', '.git', '.palang', 'coverage']);

/** Makes a tree of texts, so that a seeded violation goes through the very checks that the real tree does. */
export function treeOf(files: Readonly<Record<string, string>>): SourceTree {
  const paths = Object.keys(files);
  const modules = paths.filter((path) => CODE.test(path)).map((path) => readModule(path, files[path] ?? ''));
  return { paths, texts: new Map(Object.entries(files)), modules };
}

/** Reads the tree under `root`: what git tracks or would track; all files where there is no git. */
export function readTree(root: string): SourceTree {
  const files: Record<string, string> = {};
  for (const path of listFiles(root))
    files[path] = NOT_TEXT.test(path) ? '' : readFileSync(join(root, path), 'utf8');
  return treeOf(files);
}

function listFiles(root: string): string[] {
  if (!existsSync(join(root, '.git'))) return walk(root, '');
  const options = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', options, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });
  const isFile = (path: string): boolean =>
    statSync(join(root, path), { throwIfNoEntry: false })?.isFile() ?? false;
  return [...new Set(listed.split('\0'))].filter((path) => path !== '' && isFile(path)).sort();
}

function walk(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (NOT_COMMITTED.has(entry.name)) return [];
    return entry.isDirectory() ? walk(root, path) : entry.isFile() ? [path] : [];
  });
}
