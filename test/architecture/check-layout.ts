import type { Finding } from './finding.ts';
import type { SourceTree } from './source-tree.ts';

const REQUIRED_FOLDERS = ['deploy', 'firmware-bridge', 'gateway', 'server', 'test', 'web'];
const REQUIRED_FILES = ['package.json', 'package-lock.json', 'tsconfig.json', 'README.md', 'LICENSE'];
const REQUIRED = [...REQUIRED_FOLDERS, ...REQUIRED_FILES];
/** Config files that their tools find nowhere else. */
const TOOL_FILES = ['vitest.config.ts'];

const BANNED_WORDS = [
  'util',
  'utils',
  'helper',
  'helpers',
  'manager',
  'service',
  'common',
  'shared',
  'lib',
  'misc',
];
/** Names that a platform gives and we do not choose. */
const PLATFORM_NAMES = ['service-worker'];
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const CODE = /\.(ts|tsx|mts|mjs|js)$/;

/** A top level that is not exactly the agreed one. Dotfiles are free. */
export function findWrongTopLevel({ paths }: SourceTree): Finding[] {
  const present = new Set(paths.map((path) => path.split('/')[0] ?? path));
  const extra = [...present].filter(
    (name) => !name.startsWith('.') && ![...REQUIRED, ...TOOL_FILES].includes(name),
  );
  const absent = REQUIRED.filter((name) => !present.has(name));
  return [
    ...extra.map((name) => ({ file: name, line: 1, what: 'does not belong at the top level' })),
    ...absent.map((name) => ({ file: name, line: 1, what: 'is missing at the top level' })),
  ];
}

/** Files and folders whose name says nothing, code files not in kebab-case. */
export function findBannedNames({ paths }: SourceTree): Finding[] {
  return paths
    .filter((path) => /^[a-z-]+\//.test(path))
    .flatMap((path) => {
      const names = path.split('/').map((part) => part.replace(/\..*$/, ''));
      const banned = names
        .filter((name) => !PLATFORM_NAMES.includes(name))
        .flatMap((name) => name.split(/[-_]/))
        .filter((word) => BANNED_WORDS.includes(word));
      const findings = banned.map((word) => ({
        file: path,
        line: 1,
        what: `"${word}" in a name: it has no single job`,
      }));
      const name = names.at(-1) ?? '';
      if (CODE.test(path) && !KEBAB.test(name))
        findings.push({ file: path, line: 1, what: 'the name is not in kebab-case' });
      return findings;
    });
}
