import { z } from 'zod';
import { encodeBase64Url, utf8 } from './bytes.ts';
import { canonicalText, decodeCanonical, type CanonicalError, type CanonicalValue } from './canonical.ts';
import type { NoteKey } from './checkpoint.ts';
import { EVENT_TYPE_NAMES, type EventType } from './event.ts';
import { leafHash, type Sha256 } from './merkle.ts';
import { err, ok, type Result } from './result.ts';

/** A SHA-256 value in base64url, 43 characters. */
export const hashSchema = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/** Names of sites, gateways, rooms and doors: they become parts of topics, paths and log origins. */
export const idSchema = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/);

const countSchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Which personal facts a record may commit to. */
export const COMMITTED_FIELDS = ['sub', 'pm', 'cred'] as const;

/** `sub` the person, `pm` the permit, `cred` the credential. */
export type CommittedField = (typeof COMMITTED_FIELDS)[number];

const payloadValue: z.ZodType<CanonicalValue> = z.lazy(() =>
  z.union([
    z.string(),
    z.number().int(),
    z.boolean(),
    z.null(),
    z.array(payloadValue),
    z.record(z.string(), payloadValue),
  ]),
);

/**
 * One event as a gateway recorded it. No personal value stands in it, only commitments (`c`), so that it can be
 * kept and proven for ever. The order of events is `sq`, never `t`.
 */
export const journalRecordSchema = z.strictObject({
  /** Format version. */
  v: z.literal(1),
  /** Gateway. */
  gw: idSchema,
  /** Epoch of the journal, from 1. */
  ep: countSchema.min(1),
  /** Number within the epoch, dense from 0. */
  sq: countSchema,
  /** Boot counter of the gateway. */
  bt: countSchema,
  /** Time in ms since 1970 as the gateway believed it; its worth is `tq`. */
  t: countSchema,
  /** Clock trust, 0 to 3. */
  tq: z.number().int().min(0).max(3),
  /** Monotonic milliseconds since this boot. */
  mo: countSchema,
  ty: z.enum(EVENT_TYPE_NAMES as [EventType, ...EventType[]]),
  door: idSchema.optional(),
  dir: z.enum(['in', 'out']).optional(),
  /** Deny reason or outcome. */
  rs: z.string().max(40).optional(),
  /** Version of the manifest that was in force. */
  pol: countSchema.optional(),
  c: z.strictObject({ sub: hashSchema, pm: hashSchema, cred: hashSchema }).partial().optional(),
  /** Leaf hash of the record before, or of nothing (43 times `A`) for the first. */
  ph: hashSchema,
  /** Facts of this kind of event; no personal values. */
  x: z.record(z.string(), payloadValue),
});

/** One event as a gateway recorded it. */
export type JournalRecord = z.infer<typeof journalRecordSchema>;

/** The `ph` of the first record of a log: 32 zero bytes. */
export const NO_PREVIOUS_HASH = 'A'.repeat(43);

export type RecordError = CanonicalError | 'not-a-record';

/** Encodes a record as the bytes that are hashed, stored, uploaded and exported, without a line end. */
export const encodeRecord = (record: JournalRecord): Uint8Array =>
  utf8(canonicalText(record as unknown as CanonicalValue));

/** Decodes the stored bytes of a record: canonical first, then its schema. @see rule C2 */
export function decodeRecord(bytes: Uint8Array): Result<JournalRecord, RecordError> {
  const value = decodeCanonical(bytes);
  if (!value.ok) return value;
  const record = journalRecordSchema.safeParse(value.value);
  return record.success ? ok(record.data) : err('not-a-record');
}

/** Computes the hash that the next record carries as `ph`: the RFC 6962 leaf hash in base64url. */
export const recordHash = (sha256: Sha256, bytes: Uint8Array): string =>
  encodeBase64Url(leafHash(sha256, bytes));

/** Names the log of one epoch; the first line of its checkpoints. */
export const journalOrigin = (siteId: string, gatewayId: string, epoch: number): string =>
  `${siteId}/${gatewayId}/${epoch}`;

/** Names the log of the site; the first line of its checkpoints. */
export const siteLogOrigin = (siteId: string): string => `${siteId}/site-log`;

/**
 * The note key of a gateway: it signs the checkpoints of its own journal under the name of that journal.
 * @param publicKey 32 bytes
 */
export const journalNoteKey = (
  siteId: string,
  gatewayId: string,
  epoch: number,
  publicKey: Uint8Array,
): NoteKey => ({ name: journalOrigin(siteId, gatewayId, epoch), publicKey });

/**
 * The note key of the server (a key of the `log` role): under the name of the site log it signs that log's own
 * checkpoints and cosigns those of the journals.
 * @param publicKey 32 bytes
 */
export const siteNoteKey = (siteId: string, publicKey: Uint8Array): NoteKey => ({
  name: siteLogOrigin(siteId),
  publicKey,
});
