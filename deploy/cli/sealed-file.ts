import { scrypt } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { concatBytes, decodeBase64Url, encodeBase64Url, utf8 } from '#contract/bytes';
import type { Random } from '#contract/clock';
import { openBytes, sealBytes } from '../../server/signing/vault.ts';
import { UnusableInput } from './program.ts';
import { readSecretLine } from './system-ports.ts';

const MAGIC = 'palang-sealed/1\n';
const CHUNK_BYTES = 256 * 1024;
/** About 0.3 s and 64 MiB: each guess at a passphrase costs as much. RFC 7914. */
const KDF = { cost: 65_536, blockSize: 8, parallelization: 1 } as const;
const MAX_COST = 1_048_576;

const headerSchema = z.strictObject({
  salt: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  cost: z.number().int().min(1024).max(MAX_COST),
  blockSize: z.number().int().min(1).max(32),
  parallelization: z.number().int().min(1).max(16),
});
type Header = z.infer<typeof headerSchema>;

const keyOf = (passphrase: string, { salt, cost, blockSize, parallelization }: Header): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const bytes = decodeBase64Url(salt);
    const options = { cost, blockSize, parallelization, maxmem: 256 * cost * blockSize };
    scrypt(
      passphrase.normalize('NFC'),
      bytes.ok ? bytes.value : new Uint8Array(),
      32,
      options,
      (error, key) => {
        if (error === null) resolve(Uint8Array.from(key));
        else reject(error);
      },
    );
  });

const lengthBytes = (length: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, length);
  return bytes;
};

/** Joins pieces of any length into pieces of one length, so that lengths tell nothing and memory stays bounded. */
async function* chunksOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    held.push(piece);
    length += piece.length;
    while (length >= CHUNK_BYTES) {
      const all = concatBytes(...held);
      yield all.slice(0, CHUNK_BYTES);
      held = [all.slice(CHUNK_BYTES)];
      length -= CHUNK_BYTES;
    }
  }
  yield concatBytes(...held);
}

/**
 * Writes a file that only the passphrase opens: chunks sealed with AES-256-GCM, each bound to its number and to being
 * the last, so that none can be cut off, swapped or taken from another file.
 * @see rule DC42
 */
export async function writeSealedFile(
  path: string,
  passphrase: string,
  pieces: AsyncIterable<Uint8Array>,
  random: Random,
): Promise<void> {
  const header: Header = { salt: encodeBase64Url(random.bytes(16)), ...KDF };
  const head = utf8(`${MAGIC}${JSON.stringify(header)}\n`);
  const key = await keyOf(passphrase, header);
  const file = openSync(path, 'wx', 0o600);
  try {
    writeSync(file, head);
    let number = 0;
    const write = (chunk: Uint8Array, isLast: boolean): void => {
      const sealed = sealBytes(key, placeOf(head, number, isLast), chunk, random);
      writeSync(file, concatBytes(lengthBytes(sealed.length), sealed));
      number += 1;
    };
    let waiting: Uint8Array | null = null;
    for await (const chunk of chunksOf(pieces)) {
      if (waiting !== null) write(waiting, false);
      waiting = chunk;
    }
    write(waiting ?? new Uint8Array(), true);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

const placeOf = (head: Uint8Array, number: number, isLast: boolean): string =>
  `${encodeBase64Url(head)}/${number}/${isLast ? 'last' : 'more'}`;

/** Reads a sealed file. @throws UnusableInput where it is none, or the passphrase is another, or a byte differs */
export async function readSealedFile(path: string, passphrase: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(readFileSync(path));
  const headEnd = bytes.indexOf(0x0a, MAGIC.length) + 1;
  const decoder = new TextDecoder();
  if (headEnd === 0 || decoder.decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) {
    throw new UnusableInput('this is not a backup of palang');
  }
  const head = bytes.subarray(0, headEnd);
  const header = headerSchema.safeParse(jsonIn(decoder.decode(head.subarray(MAGIC.length))));
  if (!header.success) throw new UnusableInput('this is not a backup of palang');
  const key = await keyOf(passphrase, header.data);
  const parts: Uint8Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = headEnd; at < bytes.length;) {
    const length = at + 4 <= bytes.length ? view.getUint32(at) : 0;
    const end = at + 4 + length;
    const sealed = bytes.subarray(at + 4, end);
    const part = openBytes(key, placeOf(head, parts.length, end === bytes.length), sealed);
    if (part === null || end > bytes.length) {
      throw new UnusableInput(
        parts.length === 0 ? 'the passphrase does not open this backup' : 'this backup is damaged or cut off',
      );
    }
    parts.push(part);
    at = end;
  }
  if (parts.length === 0) throw new UnusableInput('this backup is damaged or cut off');
  return concatBytes(...parts);
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

const MIN_PASSPHRASE = 12;

/** Options by which a passphrase is given: never on the command line, which everybody on the machine can read. */
export const PASSPHRASE_OPTION = {
  'passphrase-file': {
    type: 'string',
    valueHint: 'file',
    description: 'file whose first line is the passphrase; otherwise it is read from standard input',
  },
} as const;

/** Reads the passphrase from its file or from standard input. */
export async function readPassphrase(file: string | undefined): Promise<string> {
  if (file !== undefined && (statSync(file).mode & 0o077) !== 0) {
    throw new UnusableInput('the passphrase file can be read by others; chmod 600');
  }
  const text =
    file === undefined ? await readSecretLine() : (readFileSync(file, 'utf8').split('\n')[0] ?? '');
  if (text.length < MIN_PASSPHRASE) {
    throw new UnusableInput(`the passphrase needs at least ${MIN_PASSPHRASE} characters`);
  }
  return text;
}
