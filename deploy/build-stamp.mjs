import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SOURCES = [
  'deploy',
  'firmware-bridge',
  'test/bench',
  'test/invariants',
  'test/simulation',
  'test/suites/gateway-world.ts',
  'gateway',
  'server',
  'web',
  'package-lock.json',
  'tsconfig.json',
];
const OUTPUT = 'dist';

const stampPath = (root) => join(root, OUTPUT, '.palang-build');

/** True when dist/ was built from the sources as they are now. A deleted source counts as a change too. */
export function isBuildCurrent(root) {
  const path = stampPath(root);
  return existsSync(path) && readFileSync(path, 'utf8') === fingerprint(root);
}

/** Names, sizes and times of all sources as one hash; reading their contents would cost more than a build saves. */
export function fingerprint(root) {
  const hash = createHash('sha256');
  for (const source of SOURCES) addPath(hash, root, source);
  return hash.digest('hex');
}

/** Remembers what dist/ was built from; `print` was taken before the build read its first file. */
export function stampBuild(root, print) {
  mkdirSync(join(root, OUTPUT), { recursive: true });
  writeFileSync(stampPath(root), print);
}

function addPath(hash, root, path) {
  const stat = statSync(join(root, path), { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isDirectory()) {
    if (!path.includes('.test.')) hash.update(`${path} ${stat.size} ${stat.mtimeMs}\n`);
    return;
  }
  for (const name of readdirSync(join(root, path)).sort()) {
    if (name !== 'node_modules' && !name.startsWith('.')) addPath(hash, root, `${path}/${name}`);
  }
}
