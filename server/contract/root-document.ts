import { z } from 'zod';
import { decodeBase64Url, encodeBase64Url, encodeHex, utf8 } from './bytes.ts';
import { canonicalText, type CanonicalValue } from './canonical.ts';
import type { VerifyEd25519 } from './checkpoint.ts';
import type { Sha256 } from './merkle.ts';
import { idSchema } from './record.ts';
import { err, ok, type Result } from './result.ts';

/** Which keys may do what. `log` signs the site log and cosigns journals. */
export const ROLES = ['root', 'issuer', 'fresh', 'log'] as const;

/** What a key may do. */
export type Role = (typeof ROLES)[number];

const keyIdSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);
const roleSchema = z.strictObject({ keys: z.array(keyIdSchema).min(1), threshold: z.number().int().min(1) });

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

async function hasThreshold(
  verify: VerifyEd25519,
  document: RootDocument,
  authority: RootBody,
): Promise<boolean> {
  // Counted by key, not by key id: one key under two names must not be two officials.
  const signers = new Set<string>();
  for (const { kid, sig } of document.signatures) {
    const key = roleKey(authority, 'root', kid);
    const signature = decodeBase64Url(sig);
    if (key === null || !signature.ok) continue;
    if (await verify(key, rootMessage(document.root), signature.value)) signers.add(encodeBase64Url(key));
  }
  return signers.size >= authority.roles.root.threshold;
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
  let authority = chain[0].root;
  for (const [index, document] of chain.entries()) {
    if (document.root.site !== authority.site) return err('wrong-site');
    if (index > 0 && document.root.v !== authority.v + 1) return err('version-not-next');
    if (!(await hasThreshold(verify, document, authority))) return err('not-signed-by-enough');
    if (!(await hasThreshold(verify, document, document.root))) return err('not-signed-by-enough');
    authority = document.root;
  }
  return ok(authority);
}
