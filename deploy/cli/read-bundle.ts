import { existsSync, lstatSync, readdirSync, readFileSync, statSync, type Stats } from 'node:fs';
import { basename, join } from 'node:path';
import { BUNDLE_PATHS } from '#contract/bundle-format';
import { parseDigest } from '#contract/digest';
import type { DigestFile } from '#contract/digest-check';
import { isEventProof } from '#contract/event-proof';
import { UnusableInput } from './program.ts';
import { readZip, type ZipContent, type ZipError, type ZipLimits } from './read-zip.ts';

/** A bundle of twenty years of one busy door holds about 1 GiB in a few files. */
export const BUNDLE_LIMITS: ZipLimits = { maxEntries: 10_000, maxTotalBytes: 2 * 1024 ** 3 };

const ZIP_WORDS: Readonly<Record<ZipError, string>> = {
  'not-a-zip': 'this file is neither a folder nor a zip that is whole',
  zip64: 'this zip is of the 64-bit kind; unpack it and give the folder',
  encrypted: 'this zip is encrypted; unpack it and give the folder',
  'method-unknown': 'this zip is packed by an unknown method; unpack it and give the folder',
  'path-unsafe': 'this zip holds a path that leaves the bundle, or one path twice',
  'too-many-entries': `this zip holds more than ${BUNDLE_LIMITS.maxEntries} files`,
  'too-large': `this zip unpacks to more than ${BUNDLE_LIMITS.maxTotalBytes} bytes`,
};

const NO_BUNDLE = 'this is not an evidence bundle: it has none of its files';

/**
 * Reads an evidence bundle from a folder or a zip into memory.
 * @throws UnusableInput where there is no bundle at all
 */
export function readBundle(path: string): ZipContent {
  const stats = statOf(path);
  const content = stats.isDirectory() ? { files: readFolder(path), damaged: [] } : readZipFile(path, stats);
  const isBundle =
    Object.values(BUNDLE_PATHS).some((each) => content.files.has(each)) || content.damaged.length > 0;
  if (!isBundle) throw new UnusableInput('this is not an evidence bundle: it has none of its files');
  return content;
}

/** Longer than any proof of one event: a path of 53 hashes, a record, three openings and a chain of root documents. */
const MAX_PROOF_BYTES = 4 * 1024 * 1024;

/**
 * Reads the proof of one event; null where the path is not one.
 * @throws UnusableInput where there is nothing to read
 */
export function readEventProof(path: string): Uint8Array | null {
  const stats = statOf(path);
  if (!stats.isFile() || stats.size > MAX_PROOF_BYTES) return null;
  const bytes = readFileSync(path);
  return isEventProof(bytes) ? bytes : null;
}

/** Longer than any mail that holds a digest. */
const MAX_DIGEST_BYTES = 4 * 1024 * 1024;

/**
 * Reads a text that holds a digest.
 * @throws UnusableInput where there is none in it
 */
export function readDigest(path: string): DigestFile {
  if (path === '') throw new UnusableInput('--digest needs a value');
  const stats = statOf(path);
  const name = basename(path);
  if (!stats.isFile() || stats.size > MAX_DIGEST_BYTES)
    throw new UnusableInput(`${name} is no text of a digest`);
  const bytes = readFileSync(path);
  const digest = parseDigest(bytes);
  if (digest.ok || digest.error.code !== 'no-digest') return { name, bytes };
  throw new UnusableInput(`${name} holds no digest; give its text, as mailed or scanned from the page`);
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error) {
      throw new UnusableInput(`${path} cannot be read (${String(error.code)})`);
    }
    throw error;
  }
}

function readZipFile(path: string, stats: Stats): ZipContent {
  if (!stats.isFile()) throw new UnusableInput('this is neither a folder nor a file');
  if (stats.size > BUNDLE_LIMITS.maxTotalBytes) throw new UnusableInput(ZIP_WORDS['too-large']);
  const zip = readZip(readFileSync(path), BUNDLE_LIMITS);
  if (!zip.ok) throw new UnusableInput(ZIP_WORDS[zip.error]);
  return zip.value;
}

function readFolder(root: string): Map<string, Uint8Array> {
  // Looked at first, so that a wrong folder is not read as a whole.
  if (!Object.values(BUNDLE_PATHS).some((path) => existsSync(join(root, path)))) {
    throw new UnusableInput(NO_BUNDLE);
  }
  const files = new Map<string, Uint8Array>();
  let totalBytes = 0;
  const walk = (folder: string, prefix: string): void => {
    for (const name of readdirSync(folder).sort()) {
      const path = join(folder, name);
      const stats = lstatSync(path);
      if (stats.isDirectory()) {
        walk(path, `${prefix}${name}/`);
        continue;
      }
      // A link would read from outside of what the auditor took home.
      if (!stats.isFile()) throw new UnusableInput(`${prefix}${name} is neither a folder nor a file`);
      totalBytes += stats.size;
      if (files.size >= BUNDLE_LIMITS.maxEntries || totalBytes > BUNDLE_LIMITS.maxTotalBytes) {
        throw new UnusableInput('this folder holds more than a bundle can');
      }
      files.set(`${prefix}${name}`, readFileSync(path));
    }
  };
  walk(root, '');
  return files;
}
