import { z } from 'zod';
import { concatBytes, decodeBase64Url, encodeBase64Url, encodeHex, utf8 } from './bytes.ts';
import type { HmacSha256 } from './commitment.ts';
import type { Sha256 } from './merkle.ts';
import { hashSchema, idSchema } from './record.ts';
import { err, ok, type Result } from './result.ts';

/** How far two seals of one run are apart, events or not. */
export const SEAL_EVERY_MS = 15 * 60_000;

const countSchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** The facts of a `journal.sealed` record. */
export const sealSchema = z.strictObject({
  /** Number of the seal over all epochs of the gateway, dense from 0. */
  i: countSchema,
  /** Records of the epoch that it covers. */
  size: countSchema,
  /** Root over them, base64url. */
  root: hashSchema,
  /** HMAC-SHA-256 by the key of this interval alone, base64url. */
  mac: hashSchema,
});

/** The facts of a `journal.sealed` record. */
export type Seal = z.infer<typeof sealSchema>;

function sealedBytes(i: number, size: number, root: Uint8Array): Uint8Array {
  const numbers = new Uint8Array(16);
  const view = new DataView(numbers.buffer);
  view.setBigUint64(0, BigInt(size));
  view.setBigUint64(8, BigInt(i));
  return concatBytes(root, numbers);
}

/** Seals the state of a journal: HMAC(K_i, root || size || i), numbers as eight bytes, big-endian. */
export const sealMac = (
  hmac: HmacSha256,
  key: Uint8Array,
  state: { readonly i: number; readonly size: number; readonly root: Uint8Array },
): string => encodeBase64Url(hmac(key, sealedBytes(state.i, state.size, state.root)));

const info = utf8('palang-seal/v1');

/** Derives the key of the next interval; nobody can go back. HKDF-SHA-256 without salt. @see RFC 5869 */
export function nextSealKey(hmac: HmacSha256, key: Uint8Array): Uint8Array {
  const extracted = hmac(new Uint8Array(32), key);
  return hmac(extracted, concatBytes(info, Uint8Array.of(1)));
}

/** What an auditor keeps of a gateway: the key of its first interval, from which all later ones follow. */
export interface SealEscrow {
  readonly site: string;
  readonly gateway: string;
  /** Key of interval 0, 32 bytes. */
  readonly key: Uint8Array;
}

const ESCROW_FORMAT = 'palang-seal-key/1';

const checkOf = (sha256: Sha256, escrow: SealEscrow): string =>
  encodeHex(
    sha256(concatBytes(utf8(`${ESCROW_FORMAT}\n${escrow.site}\n${escrow.gateway}\n`), escrow.key)),
  ).slice(0, 8);

/** Writes the escrow as a text that can be printed and typed: the key in groups of four hex digits, and a check. */
export function encodeSealEscrow(sha256: Sha256, escrow: SealEscrow): string {
  const groups = encodeHex(escrow.key).match(/.{4}/g) ?? [];
  const lines = [groups.slice(0, 8).join(' '), groups.slice(8).join(' ')];
  return [
    ESCROW_FORMAT,
    `site ${escrow.site}`,
    `gateway ${escrow.gateway}`,
    ...lines.map((line) => `key ${line}`),
    `check ${checkOf(sha256, escrow)}`,
    '',
  ].join('\n');
}

const escrowForm =
  /^palang-seal-key\/1\nsite (\S+)\ngateway (\S+)\nkey ([0-9a-f ]+)\nkey ([0-9a-f ]+)\ncheck ([0-9a-f]{8})\n*$/;

/** Parses what encodeSealEscrow wrote, however its white space came through a scanner. */
export function parseSealEscrow(sha256: Sha256, text: string): Result<SealEscrow, 'malformed' | 'mistyped'> {
  const lines = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.trim().toLowerCase().replaceAll(/\s+/g, ' '));
  const parts = escrowForm.exec(`${lines.filter((line) => line !== '').join('\n')}\n`);
  const [, site = '', gateway = '', first = '', second = '', check] = parts ?? [];
  const hex = `${first}${second}`.replaceAll(' ', '');
  if (parts === null || hex.length !== 64) return err('malformed');
  if (!idSchema.safeParse(site).success || !idSchema.safeParse(gateway).success) return err('malformed');
  const key = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const escrow = { site, gateway, key };
  return checkOf(sha256, escrow) === check ? ok(escrow) : err('mistyped');
}

/** A seal as the evidence holds it. */
export interface FoundSeal {
  readonly file: string;
  readonly line: number;
  readonly seq: number;
  readonly seal: Seal;
  /** Boot and monotonic ms of the record that holds it. */
  readonly boot: number;
  readonly monoMs: number;
  /** Root of the log at that size; null where the part that it covers is not in the evidence. */
  readonly rootThere: Uint8Array | null;
}

/** Why the seals of a gateway do not hold. */
export interface SealFault {
  readonly seal: FoundSeal | null;
  readonly reason: 'changed' | 'removed' | 'inserted';
  readonly words: string;
}

/** Two seals of one run are never further apart than this: a seal may wait for a slow disk. */
const SEAL_SLACK_MS = 5 * 60_000;

/**
 * Verifies the seals of one gateway, each with the key of its own interval and no other.
 * @param seals in the order in which they stand in the journals
 * @returns how many there are
 * @see rules C52, C53
 */
export function checkSeals(
  hmac: HmacSha256,
  escrow: SealEscrow,
  seals: readonly FoundSeal[],
): Result<number, SealFault> {
  let key = escrow.key;
  let before: FoundSeal | null = null;
  let expected = 0;
  for (const found of seals) {
    const { i, size, root, mac } = found.seal;
    if (i < expected) return err({ seal: found, reason: 'inserted', words: `Seal ${i} stands here again.` });
    if (i > expected) {
      return err({
        seal: found,
        reason: 'removed',
        words: `Seal ${expected} is nowhere; seal ${i} stands here.`,
      });
    }
    const bytes = decodeBase64Url(root);
    const isGenuine = bytes.ok && sealMac(hmac, key, { i, size, root: bytes.value }) === mac;
    if (!isGenuine) {
      return err({
        seal: found,
        reason: 'changed',
        words: `The key of interval ${i} did not make this seal.`,
      });
    }
    if (found.rootThere !== null && encodeBase64Url(found.rootThere) !== root) {
      return err({ seal: found, reason: 'changed', words: 'What it sealed is not what stands before it.' });
    }
    const isSameRun = before !== null && before.boot === found.boot;
    if (isSameRun && found.monoMs - (before?.monoMs ?? 0) > SEAL_EVERY_MS + SEAL_SLACK_MS) {
      return err({
        seal: found,
        reason: 'removed',
        words: 'No seal stands here for longer than there may be none.',
      });
    }
    key = nextSealKey(hmac, key);
    before = found;
    expected += 1;
  }
  return ok(expected);
}
