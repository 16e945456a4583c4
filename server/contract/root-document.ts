import { z } from 'zod';
import { decodeBase64Url, encodeBase64Url, encodeHex, utf8 } from './bytes.ts';
import { canonicalText, type CanonicalValue } from './canonical.ts';
import type { VerifyEd25519 } from './checkpoint.ts';
import type { Sha256 } from './merkle.ts';
import { hashSchema, idSchema } from './record.ts';
import { err, ok, type Result } from './result.ts';
import { approverKeySchema } from './webauthn.ts';

/** Which keys may do what. `log` signs the site log and cosigns journals. */
export const ROLES = ['root', 'issuer', 'fresh', 'log'] as const;

/** What a key may do. */
export type Role = (typeof ROLES)[number];

const keyIdSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);
const roleSchema = z.strictObject({ keys: z.array(keyIdSchema).min(1), threshold: z.number().int().min(1) });

/** One value for each class of permits that has its own. */
const byClass = <T extends z.ZodType>(value: T) =>
  z.strictObject({
    staff: value.optional(),
    temp: value.optional(),
    strict: value.optional(),
    glass: value.optional(),
  });

/** Somebody whose passkey may approve; the officials vouch for the key, not the server. */
export const approverSchema = z.strictObject({
  by: z.string().regex(/^s_[A-Za-z0-9_-]{22}$/),
  /** SHA-256 of the credential id of the passkey. */
  cid: hashSchema,
  key: approverKeySchema,
  /** The doors that this person may approve for; left out for all. */
  doors: z.array(idSchema).min(1).max(64).optional(),
});

/** Somebody whose passkey may approve. */
export type Approver = z.infer<typeof approverSchema>;

/** The body of a root document: the trust anchor of a site. */
export const rootBodySchema = z.strictObject({
  site: idSchema,
  /** Version, from 1, rising by one; each is signed by its own and by the previous root role. */
  v: z.number().int().min(1),
  /** Ms since 1970. */
  at: z.number().int().min(0),
  /** Public Ed25519 keys in base64url, by key id. */
  keys: z.record(keyIdSchema, z.string().regex(/^[A-Za-z0-9_-]{43}$/)),
  roles: z.strictObject({ root: roleSchema, issuer: roleSchema, fresh: roleSchema, log: roleSchema }),
  /** True where one official holds the root alone; said plainly wherever the anchor is shown. */
  singleOfficial: z.boolean(),
  /** Whose approvals count, by passkey. */
  approvers: z.array(approverSchema).max(200).optional(),
  /** What a permit needs; left out, one approver of the roster. */
  approval: z
    .strictObject({
      /** Relying party of the passkeys: the host of the app. Without it none can be verified. */
      rp: z
        .string()
        .regex(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/)
        .optional(),
      /** How many different approvers, by class of permits; one where left out. */
      needs: byClass(z.number().int().min(1).max(8)).optional(),
      /** The named weaker setting: an approval by a signed-in session counts, and every record says so. */
      weak: z.literal('session').optional(),
    })
    .optional(),
  /** Longest age of the last word of the server, in seconds, by class of permits: no manifest can go beyond. */
  maxLimits: byClass(
    z
      .number()
      .int()
      .min(60)
      .max(45 * 86_400),
  ).optional(),
  /** Journals whose keys count no more. */
  revoked: z
    .array(z.strictObject({ gw: idSchema, ep: z.number().int().min(1) }))
    .max(1000)
    .optional(),
});

/** The body of a root document. */
export type RootBody = z.infer<typeof rootBodySchema>;

/** A root document with its signatures: `site-root.json`. */
export const rootDocumentSchema = z.strictObject({
  root: rootBodySchema,
  signatures: z.array(z.strictObject({ kid: keyIdSchema, sig: z.string().regex(/^[A-Za-z0-9_-]{86}$/) })),
});

/** A root document with its signatures. */
export type RootDocument = z.infer<typeof rootDocumentSchema>;

export type RootError = 'not-signed-by-enough' | 'wrong-site' | 'version-not-next';

/** Writes the text that root signatures cover. */
export const rootMessage = (body: RootBody): Uint8Array =>
  utf8(`palang-root/v1\n${canonicalText(body as unknown as CanonicalValue)}`);

/** Hashes a root document as the site log names it: SHA-256 of its signed text, base64url. */
export const rootHash = (sha256: Sha256, body: RootBody): string =>
  encodeBase64Url(sha256(rootMessage(body)));

/**
 * Writes the hash of a root document as people compare it with the paper in the safe: 16 groups of four hex
 * digits.
 */
export const rootFingerprint = (sha256: Sha256, body: RootBody): string =>
  (encodeHex(sha256(rootMessage(body))).match(/.{4}/g) ?? []).join(' ');

/** Finds the public key (32 bytes) of a key id, if the document gives that key this role. */
export function roleKey(body: RootBody, role: Role, kid: string): Uint8Array | null {
  if (!body.roles[role].keys.includes(kid)) return null;
  const key = Object.hasOwn(body.keys, kid) ? body.keys[kid] : undefined;
  const bytes = key === undefined ? null : decodeBase64Url(key);
  return bytes?.ok === true ? bytes.value : null;
}

async function signersOf(
  verify: VerifyEd25519,
  document: RootDocument,
  authority: RootBody,
): Promise<ReadonlySet<string>> {
  // Counted by key, not by key id: one key under two names must not be two officials.
  const signers = new Set<string>();
  for (const { kid, sig } of document.signatures) {
    const key = roleKey(authority, 'root', kid);
    const signature = decodeBase64Url(sig);
    if (key === null || !signature.ok) continue;
    if (await verify(key, rootMessage(document.root), signature.value)) signers.add(encodeBase64Url(key));
  }
  return signers;
}

const hasThreshold = async (
  verify: VerifyEd25519,
  document: RootDocument,
  authority: RootBody,
): Promise<boolean> => (await signersOf(verify, document, authority)).size >= authority.roles.root.threshold;

/**
 * Walks from a root body that is trusted to newer ones, one version after the other: each is signed by enough keys
 * of the one before and of its own.
 * @returns the newest body
 * @see rules C11, C41
 */
export async function walkRoots(
  verify: VerifyEd25519,
  trusted: RootBody,
  documents: readonly RootDocument[],
): Promise<Result<RootBody, RootError>> {
  let authority = trusted;
  for (const document of documents) {
    if (document.root.site !== authority.site) return err('wrong-site');
    if (document.root.v !== authority.v + 1) return err('version-not-next');
    if (!(await hasThreshold(verify, document, authority))) return err('not-signed-by-enough');
    if (!(await hasThreshold(verify, document, document.root))) return err('not-signed-by-enough');
    authority = document.root;
  }
  return ok(authority);
}

/** Counts the different root keys of an authority that have signed a document. */
export async function rootSigners(
  verify: VerifyEd25519,
  document: RootDocument,
  authority: RootBody,
): Promise<number> {
  return (await signersOf(verify, document, authority)).size;
}

/**
 * Verifies a chain of root documents from the first, which must be trusted by other means (its fingerprint on
 * paper), to the newest. Each is signed by enough keys of the one before and of its own.
 * @returns the newest body
 * @see rule C11
 */
export async function verifyRootChain(
  verify: VerifyEd25519,
  chain: readonly [RootDocument, ...RootDocument[]],
): Promise<Result<RootBody, RootError>> {
  const [first, ...rest] = chain;
  if (!(await hasThreshold(verify, first, first.root))) return err('not-signed-by-enough');
  return walkRoots(verify, first.root, rest);
}
