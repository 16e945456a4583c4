import { createHash } from 'node:crypto';

/** Written anew from RFC 6962 and RFC 8785, slowly and plainly, so that a fault of the product does not judge itself. */
const sha256 = (...parts: readonly Uint8Array[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

/** The same records are looked at again and again while a log grows. */
const leaves = new Map<string, string>();
const MOST_LEAVES = 20_000;

/** The leaf hash of a text, base64url. */
export function plainLeaf(text: string): string {
  const known = leaves.get(text);
  if (known !== undefined) return known;
  const hash = sha256(Uint8Array.of(0), Buffer.from(text, 'utf8')).toString('base64url');
  if (leaves.size >= MOST_LEAVES) leaves.clear();
  leaves.set(text, hash);
  return hash;
}

function treeHash(nodes: readonly Buffer[]): Buffer {
  const [only] = nodes;
  if (only === undefined) return sha256();
  if (nodes.length === 1) return only;
  let half = 1;
  while (half * 2 < nodes.length) half *= 2;
  return sha256(Uint8Array.of(1), treeHash(nodes.slice(0, half)), treeHash(nodes.slice(half)));
}

/** The root over leaf hashes in order, all of them base64url. */
export const plainRoot = (leafHashes: readonly string[]): string =>
  treeHash(leafHashes.map((hash) => Buffer.from(hash, 'base64url'))).toString('base64url');

/** The `ph` of a first record. */
export const NOTHING_BEFORE = Buffer.alloc(32).toString('base64url');

/** The canonical text of a value of strings, whole numbers, booleans, nulls, arrays and objects. */
export function plainCanonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plainCanonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, each]) => `${JSON.stringify(key)}:${plainCanonical(each)}`).join(',')}}`;
}
