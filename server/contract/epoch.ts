import { z } from 'zod';
import { encodeBase64Url, utf8 } from './bytes.ts';
import { canonicalText } from './canonical.ts';
import type { Sha256 } from './merkle.ts';
import { decodeRecord, hashSchema, recordHash, type JournalRecord } from './record.ts';
import { err, ok, type Result } from './result.ts';

/** Why a gateway opened an epoch of its journal. */
export const EPOCH_REASONS = ['enrolled', 'conflict', 'replaced', 'storage', 'tail-lost'] as const;

/** Why a gateway opened an epoch of its journal. */
export type EpochReason = (typeof EPOCH_REASONS)[number];

const countSchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** The state of the epoch before, as the gateway leaves it: what comes after it there is no part of the journal. */
export const previousEpochSchema = z.strictObject({
  ep: countSchema.min(1),
  /** Records that the server is known to hold. */
  size: countSchema,
  /** Root over them, base64url. */
  root: hashSchema,
});

/** The state of the epoch before. */
export type PreviousEpoch = z.infer<typeof previousEpochSchema>;

/** The facts of an `epoch.opened` record; further ones are passed over. */
export const epochOpenedSchema = z.looseObject({
  nonce: z.string().min(1).max(64),
  /** Ed25519 public key that signs the checkpoints of this epoch, base64url. */
  key: hashSchema,
  why: z.enum(EPOCH_REASONS),
  prev: previousEpochSchema.optional(),
  /** Signature of the epoch before over closeMessage, 86 characters of base64url; left out where its key is lost. */
  sig: z
    .string()
    .regex(/^[A-Za-z0-9_-]{86}$/)
    .optional(),
  /** How many records are known to be lost. */
  lost: countSchema.optional(),
});

/** The facts of an `epoch.opened` record. */
export type EpochOpened = z.infer<typeof epochOpenedSchema>;

/** Decodes the facts of an `epoch.opened` record; null where they are none. */
export function decodeEpochOpened(record: JournalRecord): EpochOpened | null {
  const opened = epochOpenedSchema.safeParse(record.x);
  return record.ty === 'epoch.opened' && opened.success ? opened.data : null;
}

/** Hashes a public key as the one that closes an epoch names it: SHA-256, base64url. */
export const keyHash = (sha256: Sha256, publicKey: Uint8Array): string => encodeBase64Url(sha256(publicKey));

/**
 * Writes what the key of an epoch signs when it ends: where the epoch ends and whose the next one is.
 * @param next keyHash of the key of the next epoch
 */
export const closeMessage = (gatewayId: string, closed: PreviousEpoch, next: string): Uint8Array =>
  utf8(`palang-epoch-close/v1\n${canonicalText({ gw: gatewayId, ...closed, next })}`);

/** Writes what the key of a coming epoch signs: whoever asks for a number holds it. */
export const epochProofMessage = (gatewayId: string, key: string): Uint8Array =>
  utf8(`palang-epoch/v1\n${gatewayId}\n${key}`);

/** What `POST /gateway/epochs` takes. */
export const epochRequestSchema = z.strictObject({
  /** Public key of the coming epoch, base64url. */
  key: hashSchema,
  /** Signature of that key over epochProofMessage, base64url. */
  proof: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
  /** The epoch that the number has to be above: a server put back from a backup has forgotten what it gave. */
  after: countSchema.optional(),
});

/** What `POST /gateway/epochs` takes. */
export type EpochRequest = z.infer<typeof epochRequestSchema>;

/** What `POST /gateway/epochs` answers: the number that belongs to this key and to no other. */
export const epochAnswerSchema = z.object({ epoch: countSchema.min(1) });

/** A record that was appended again in a later epoch, with what it says of itself. */
export interface Reclaimed {
  readonly record: JournalRecord;
  /** The canonical text, verbatim. */
  readonly text: string;
  /** Its leaf hash, base64url: queries know it again by this. */
  readonly hash: string;
}

const reclaimedSchema = z.looseObject({ orig: z.string(), hash: hashSchema });

/**
 * Decodes what a `journal.reclaimed` record holds: a record of an earlier epoch of the same gateway, verbatim, and
 * not itself a reclaimed one.
 * @see rule C51
 */
export function decodeReclaimed(
  sha256: Sha256,
  wrapper: JournalRecord,
): Result<Reclaimed, 'not-reclaimed' | 'hash-differs' | 'another-journal'> {
  const facts = reclaimedSchema.safeParse(wrapper.x);
  if (wrapper.ty !== 'journal.reclaimed' || !facts.success) return err('not-reclaimed');
  const { orig: text, hash } = facts.data;
  const bytes = utf8(text);
  const record = decodeRecord(bytes);
  if (!record.ok || record.value.ty === 'journal.reclaimed') return err('not-reclaimed');
  if (recordHash(sha256, bytes) !== hash) return err('hash-differs');
  if (record.value.gw !== wrapper.gw || record.value.ep >= wrapper.ep) return err('another-journal');
  return ok({ record: record.value, text, hash });
}
