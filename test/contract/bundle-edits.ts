import type { BundlePorts } from '#contract/bundle';
import {
  BUNDLE_PATHS,
  encodeBundleIndex,
  parseBundleIndex,
  splitCheckpoints,
  splitLines,
} from '#contract/bundle-format';
import { concatBytes, decodeUtf8, encodeHex } from '#contract/bytes';
import { hmac, sha256, verifyEd25519, verifyEs256 } from './test-keys.ts';

export type Files = Map<string, Uint8Array>;

/** Genuine answers, remembered: thousands of bundles share nearly all of their signatures. */
export function createRememberingPorts(): BundlePorts {
  const answers = new Map<string, boolean>();
  return {
    sha256,
    hmac,
    verifyEs256,
    verify: async (publicKey, message, signature) => {
      const question = Buffer.concat([publicKey, signature, message]).toString('latin1');
      const answer = answers.get(question) ?? (await verifyEd25519(publicKey, message, signature));
      answers.set(question, answer);
      return answer;
    },
  };
}

export const text = (bytes: Uint8Array | undefined): string => {
  const decoded = decodeUtf8(bytes ?? new Uint8Array());
  return decoded.ok ? decoded.value : '';
};

export const linesOf = (files: Files, path: string): Uint8Array[] =>
  Array.from(splitLines(files.get(path)!), (part) => part.bytes);

export const joinLines = (lines: readonly Uint8Array[]): Uint8Array =>
  concatBytes(...lines.flatMap((line) => [line, Uint8Array.of(0x0a)]));

export const notesOf = (files: Files, path: string): string[] =>
  Array.from(splitCheckpoints(files.get(path)!), (part) => text(part.bytes));

/** Puts other bytes in the place of a file; `bundle.json` is made to fit, as a forger would. */
export function withFile(files: Files, path: string, bytes: Uint8Array | null): Files {
  const changed = new Map(files);
  if (bytes === null) changed.delete(path);
  else changed.set(path, bytes);
  return reindex(changed);
}

function reindex(files: Files): Files {
  const index = parseBundleIndex(sha256, files.get(BUNDLE_PATHS.index)!);
  if (!index.ok) throw new Error('no index');
  const { digest: _digest, ...rest } = index.value;
  const hashes = Array.from(files)
    .filter(([path]) => path !== BUNDLE_PATHS.index)
    .map(([path, bytes]) => [path, encodeHex(sha256(bytes))] as const);
  const fitting = encodeBundleIndex(sha256, { ...rest, files: Object.fromEntries(hashes) });
  return new Map(files).set(BUNDLE_PATHS.index, fitting);
}

export const flipBit = (bytes: Uint8Array, index: number, bit: number): Uint8Array =>
  bytes.map((byte, i) => (i === index ? byte ^ (1 << bit) : byte));

export const replaceAt = <T>(items: readonly T[], index: number, ...by: T[]): T[] =>
  items.toSpliced(index, 1, ...by);

export function swapped<T>(items: readonly T[], a: number, b: number): T[] {
  const copy = [...items];
  [copy[a], copy[b]] = [copy[b]!, copy[a]!];
  return copy;
}
