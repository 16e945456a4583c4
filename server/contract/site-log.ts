import { z } from 'zod';
import { encodeBase64Url, utf8 } from './bytes.ts';
import { canonicalText, decodeCanonical, type CanonicalValue } from './canonical.ts';
import { EPOCH_REASONS, previousEpochSchema } from './epoch.ts';
import { ERASURE_BASES, erasedLeavesSchema } from './erasure.ts';
import type { Sha256 } from './merkle.ts';
import { APPROVAL_METHODS } from './permit.ts';
import { hashSchema, idSchema, type RecordError } from './record.ts';
import { err, ok, type Result } from './result.ts';
import { assertionSchema } from './webauthn.ts';

const countSchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const epochSchema = countSchema.min(1);

/**
 * A decision over a request as the site log holds it. It names its maker by handle and the request by hash, so
 * that nothing in it has to be erased.
 */
export const approvalSchema = z.strictObject({
  /** SHA-256 of the canonical request draft. */
  req: hashSchema,
  decision: z.enum(['approved', 'rejected']),
  by: z.string().regex(/^s_[A-Za-z0-9_-]{22}$/),
  /** Seconds since 1970. */
  at: countSchema,
  m: z.enum(APPROVAL_METHODS),
  /** termsHash of each permit that may come of it; left out of a refusal. */
  d: z.array(hashSchema).min(1).max(64).optional(),
  /** With `passkey`: what the approver's device answered to approvalChallenge. */
  as: assertionSchema.optional(),
});

/** A decision over a request as the site log holds it. */
export type Approval = z.infer<typeof approvalSchema>;

/** Why a batch of a journal is kept beside and not merged. */
export const CONFLICT_REASONS = ['conflict', 'fenced', 'revoked'] as const;

/** Why a batch of a journal is kept beside and not merged. */
export type ConflictReason = (typeof CONFLICT_REASONS)[number];

/** What each kind of site log record says; no personal values in any of them. */
const facts = {
  /** `root` is the rootHash of the root document that was in force. */
  'site.opened': z.strictObject({ root: hashSchema }),
  /** `root` is the rootHash of a later root document, from then on in force. */
  'root.published': z.strictObject({ v: epochSchema, root: hashSchema }),
  /** `key` is the gateway's Ed25519 public key, base64url: it signs the checkpoints of this epoch. */
  'gateway.enrolled': z.strictObject({ gw: idSchema, ep: epochSchema, key: hashSchema }),
  'gateway.revoked': z.strictObject({ gw: idSchema, ep: epochSchema }),
  'approval.recorded': approvalSchema,
  /** `h` is the jwsHash of the permit. */
  'permit.issued': z.strictObject({ h: hashSchema }),
  'permit.revoked': z.strictObject({ h: hashSchema }),
  /** `mh` is the jwsHash of the manifest. */
  'manifest.signed': z.strictObject({ v: epochSchema, mh: hashSchema }),
  /** `h` is the SHA-256 of the site rules, in canonical form, as directories carry them from then on. */
  'rules.changed': z.strictObject({ h: hashSchema }),
  /** `h` is the SHA-256 of a signed review of a month of the logs, which names their heads. */
  'log.reviewed': z.strictObject({ h: hashSchema }),
  /** The server holds `size` records of this journal under this root, and has cosigned that. */
  'journal.checkpointed': z.strictObject({
    gw: idSchema,
    ep: epochSchema,
    size: epochSchema,
    root: hashSchema,
  }),
  /** The first records of this epoch came in; `prev` is the epoch before, as the gateway left it. */
  'epoch.opened': z.strictObject({
    gw: idSchema,
    ep: epochSchema,
    why: z.enum(EPOCH_REASONS),
    prev: previousEpochSchema.optional(),
  }),
  /** A batch that is not merged is kept beside: `h` is the SHA-256 of its canonical text. */
  'journal.conflicted': z.strictObject({
    gw: idSchema,
    ep: epochSchema,
    why: z.enum(CONFLICT_REASONS),
    h: hashSchema,
  }),
  /** The server had cosigned `had` records of this journal under this root, and held `size` when it was shown that. */
  'server.rollback': z.strictObject({
    gw: idSchema,
    ep: epochSchema,
    size: countSchema,
    had: epochSchema,
    root: hashSchema,
  }),
  /** The gateway is lost: what it recorded from number `from` on never came; `known` where somebody counted it. */
  'tail.unrecovered': z.strictObject({
    gw: idSchema,
    ep: epochSchema,
    from: countSchema,
    known: countSchema.optional(),
  }),
  /** All personal data was destroyed and the site ended; nothing comes after this. */
  'site.closed': z.strictObject({}),
  /** The database was put back from a backup that was made at `made` (ms since 1970): what came after may be missing. */
  'server.restored': z.strictObject({ made: countSchema }),
  /** The openings of these records, `n` in all, were destroyed after `by` people decided it; whose they were is not said. */
  'privacy.erased': z.strictObject({
    n: epochSchema,
    at: z.array(erasedLeavesSchema).min(1).max(1000),
    basis: z.enum(ERASURE_BASES),
    by: epochSchema,
  }),
  /** The openings of these records, received in this month (UTC), were destroyed because their time was over. */
  'retention.destroyed': z.strictObject({
    n: epochSchema,
    at: z.array(erasedLeavesSchema).min(1).max(1000),
    month: z.string().regex(/^[0-9]{4}-(?:0[1-9]|1[0-2])$/),
  }),
} as const;

/** The name of a site log record. */
export type SiteLogType = keyof typeof facts;

const recordOf = <T extends SiteLogType>(ty: T) =>
  z.strictObject({
    /** Format version. */
    v: z.literal(1),
    k: z.literal('site'),
    site: idSchema,
    /** Number within the log, dense from 0. */
    sq: countSchema,
    /** Ms since 1970 as the server believed; the order of records is `sq`. */
    t: countSchema,
    ty: z.literal(ty),
    /** recordHash of the record before, or NO_PREVIOUS_HASH for the first. */
    ph: hashSchema,
    x: facts[ty],
  });

/** One record of what the server did: keys, approvals, permits, manifests, and the journals that it holds. */
export const siteLogRecordSchema = z.discriminatedUnion('ty', [
  recordOf('site.opened'),
  recordOf('root.published'),
  recordOf('gateway.enrolled'),
  recordOf('gateway.revoked'),
  recordOf('approval.recorded'),
  recordOf('permit.issued'),
  recordOf('permit.revoked'),
  recordOf('manifest.signed'),
  recordOf('rules.changed'),
  recordOf('log.reviewed'),
  recordOf('journal.checkpointed'),
  recordOf('epoch.opened'),
  recordOf('journal.conflicted'),
  recordOf('server.rollback'),
  recordOf('tail.unrecovered'),
  recordOf('site.closed'),
  recordOf('server.restored'),
  recordOf('privacy.erased'),
  recordOf('retention.destroyed'),
]);

/** One record of what the server did. */
export type SiteLogRecord = z.infer<typeof siteLogRecordSchema>;

/** What a caller has to say to append a record; number, time and link are added by the log. */
export type SiteLogEntry = {
  [T in SiteLogType]: { readonly ty: T; readonly x: z.infer<(typeof facts)[T]> };
}[SiteLogType];

/** Encodes a record as the bytes that are hashed, stored and exported, without a line end. */
export const encodeSiteLogRecord = (record: SiteLogRecord): Uint8Array =>
  utf8(canonicalText(record as unknown as CanonicalValue));

/** Decodes the stored bytes of a record: canonical first, then its schema. @see rule C2 */
export function decodeSiteLogRecord(bytes: Uint8Array): Result<SiteLogRecord, RecordError> {
  const value = decodeCanonical(bytes);
  if (!value.ok) return value;
  const record = siteLogRecordSchema.safeParse(value.value);
  return record.success ? ok(record.data) : err('not-a-record');
}

/** Hashes an approval as the `apr.h` of a permit names it: SHA-256 of its canonical text, base64url. */
export const approvalHash = (sha256: Sha256, approval: Approval): string =>
  encodeBase64Url(sha256(utf8(canonicalText(approval as unknown as CanonicalValue))));
