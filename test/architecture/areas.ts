import { posix } from 'node:path';

/** Where an import leads: a file of ours, or a package ('node' for all of Node's own modules). */
export type ImportTarget =
  { readonly kind: 'file'; readonly path: string } | { readonly kind: 'package'; readonly name: string };

export interface Area {
  /** What messages call it. */
  readonly name: string;
  /** Files of this area start with it; the first area that fits counts. */
  readonly folder: string;
  /** Folders and files of ours that it may import, beside its own folder. */
  readonly mayImport: readonly string[];
  /** Packages that it may import; 'any' leaves only the homes of packages to be kept. */
  readonly packages: readonly string[] | 'any';
  /** A core takes time and randomness as arguments and touches nothing outside. */
  readonly isCore: boolean;
}

const CONTRACT = 'server/contract/';
const WEB_PACKAGES = ['preact', 'preact-iso', '@preact/signals', 'qr', 'zod', 'fflate', '@noble/hashes'];

const core = (folder: string, mayImport: readonly string[], packages: readonly string[]): Area => ({
  name: folder.slice(0, -1),
  folder,
  mayImport,
  packages,
  isCore: true,
});
const shell = (folder: string, mayImport: readonly string[], packages: readonly string[] | 'any'): Area => ({
  name: folder.slice(0, -1),
  folder,
  mayImport,
  packages,
  isCore: false,
});

/** Who may import whom: cores first, since a shell's folder holds them. */
export const AREAS: readonly Area[] = [
  core(CONTRACT, [], ['zod']),
  core('server/domain/', [CONTRACT], ['zod']),
  core('gateway/decision/', [CONTRACT], ['zod']),
  core('gateway/clock/', [CONTRACT], ['zod']),
  core('gateway/door/', [CONTRACT], ['zod']),
  core('gateway/presence/', [CONTRACT], ['zod']),
  core('firmware-bridge/protocol/', [], []),
  shell('firmware-bridge/', [CONTRACT], 'any'),
  shell('gateway/', ['firmware-bridge/bridge.ts', CONTRACT], 'any'),
  shell('server/', [], 'any'),
  shell('web/', [CONTRACT], WEB_PACKAGES),
];

/** The folders in which alone a package may be imported. Tests and deploy are free. */
export const PACKAGE_HOMES: Readonly<Record<string, readonly string[]>> = {
  jose: ['server/signing/', 'server/auth/', 'gateway/permits/'],
  serialport: ['firmware-bridge/transport/'],
  '@serialport/parser-readline': ['firmware-bridge/transport/'],
  '@lydell/node-pty': ['firmware-bridge/simulator/'],
  mqtt: ['gateway/sensors/'],
  aedes: [],
  kysely: ['server/store/'],
  'better-sqlite3': ['server/store/', 'gateway/journal/'],
  hono: ['server/http/'],
  '@hono/': ['server/http/'],
  '@node-rs/argon2': ['server/auth/'],
  '@simplewebauthn/server': ['server/auth/'],
  selfsigned: [],
  pdfkit: ['server/audit/'],
};

export const areaOf = (path: string): Area | undefined => AREAS.find((area) => path.startsWith(area.folder));

export const isTest = (path: string): boolean => /\.test\.tsx?$/.test(path) || path.startsWith('test/');

export const isToolConfig = (path: string): boolean => path.endsWith('.config.ts');

/** Follows an import specifier as Node does, by its text alone. */
export function targetOf(importer: string, specifier: string): ImportTarget {
  const path = specifier.replace(/\?.*$/, '');
  if (path.startsWith('#contract/'))
    return { kind: 'file', path: `${CONTRACT}${path.slice('#contract/'.length)}.ts` };
  if (path.startsWith('.')) return { kind: 'file', path: posix.join(posix.dirname(importer), path) };
  if (path.startsWith('node:')) return { kind: 'package', name: 'node' };
  const [scope = '', name = ''] = path.split('/');
  return { kind: 'package', name: scope.startsWith('@') ? `${scope}/${name}` : scope };
}
