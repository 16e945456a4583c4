import { z } from 'zod';
import { canonicalText } from './canonical.ts';
import { utf8 } from './bytes.ts';
import { leafHash, rootOfLeaves, type Sha256 } from './merkle.ts';
import { siteRulesSchema } from './door-rules.ts';
import { pinVerifierSchema } from './pin.ts';
import { hashSchema, idSchema } from './record.ts';
import { encodeBase64Url } from './bytes.ts';
import { rootDocumentSchema } from './root-document.ts';
import { approvalSchema } from './site-log.ts';

const secondsSchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Longest life of a manifest, in days: how long a fully isolated gateway obeys its last orders. */
export const MAX_MANIFEST_DAYS = 45;

/**
 * The list of what counts, signed by the issuer: a permit is valid only as a member. Revocation is absence from
 * the next version, which turns a withheld revocation into a stale manifest that the gateway can see.
 */
export const manifestClaimsSchema = z.strictObject({
  iss: z.string(),
  aud: idSchema,
  /** Version, rising by one. */
  v: z.number().int().min(1),
  /** SHA-256 of the JWS of version v-1, or 43 times `A` for the first. */
  prev: hashSchema,
  /** Root over the permits. */
  root: hashSchema,
  /** Number of permits. */
  n: z.number().int().min(0),
  /** SHA-256 of the JWS of the directory. */
  dir: hashSchema,
  iat: secondsSchema,
  exp: secondsSchema,
  /** Version of the root document under which it was made; left out for the first. */
  rootv: z.number().int().min(1).optional(),
  /** Longest age of the last word of the server, in seconds, by class; the root document caps each. */
  lim: z
    .strictObject({
      staff: secondsSchema.optional(),
      temp: secondsSchema.optional(),
      strict: secondsSchema.optional(),
      glass: secondsSchema.optional(),
    })
    .optional(),
});

/** The claims of a manifest. */
export type ManifestClaims = z.infer<typeof manifestClaimsSchema>;

/** The states of a credential as the door knows them. */
export const CREDENTIAL_STATES = ['active', 'suspended', 'expired'] as const;

/** Which credentials exist and whose they are, by handle; signed by the issuer. */
export const directoryClaimsSchema = z.strictObject({
  iss: z.string(),
  aud: idSchema,
  iat: secondsSchema,
  creds: z.array(
    z.strictObject({
      cred: z.string().regex(/^c_[A-Za-z0-9_-]{43}$/),
      sub: z.string().regex(/^s_[A-Za-z0-9_-]{22}$/),
      st: z.enum(CREDENTIAL_STATES),
      /** Left out for a card; a `code` is keyed in. */
      k: z.literal('code').optional(),
      /** Seconds since 1970 from which it counts no more, e.g. of a card lent for a day. */
      exp: secondsSchema.optional(),
      pin: pinVerifierSchema.optional(),
      /** The PIN that opens and calls for help. */
      du: pinVerifierSchema.optional(),
    }),
  ),
  /** What the door has to know of persons; left out for who needs no row. */
  people: z
    .array(
      z.strictObject({
        sub: z.string().regex(/^s_[A-Za-z0-9_-]{22}$/),
        /** SHA-256 of the SOP texts that this person acknowledged. */
        ack: z.array(hashSchema).max(16),
        /** True while equipment of an earlier visit is not accounted for. */
        eq: z.literal(true).optional(),
      }),
    )
    .optional(),
  rules: siteRulesSchema.optional(),
});

/** The claims of a directory. */
export type DirectoryClaims = z.infer<typeof directoryClaimsSchema>;

/** "At signed time `t` the newest manifest is `v`", bound to the gateway's own nonce; signed by `fresh`. */
export const heartbeatClaimsSchema = z.strictObject({
  iss: z.string(),
  aud: idSchema,
  gw: idSchema,
  nonce: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  /** Server time in ms since 1970. */
  t: secondsSchema,
  v: z.number().int().min(1),
  /** SHA-256 of the manifest's JWS. */
  mh: hashSchema,
});

/** The claims of a heartbeat. */
export type HeartbeatClaims = z.infer<typeof heartbeatClaimsSchema>;

/**
 * The same without a nonce, for orders that are carried to a gateway by hand: it says how old they are, and nothing
 * of the time at which they arrive.
 */
export const dateClaimsSchema = heartbeatClaimsSchema.omit({ gw: true, nonce: true });

/** The date of carried orders. */
export type DateClaims = z.infer<typeof dateClaimsSchema>;

/**
 * One right that ends now, signed by the issuer. It only takes away, so it counts in any order and however often;
 * it is forgotten once a manifest that knows of it (`vmin`) is in force.
 */
export const denyClaimsSchema = z.strictObject({
  iss: z.string(),
  aud: idSchema,
  id: z.string().regex(/^dn_[A-Za-z0-9_-]{22}$/),
  /** Seconds since 1970. */
  at: secondsSchema,
  vmin: z.number().int().min(1),
  deny: z.union([
    z.strictObject({ jti: z.string().regex(/^pm_[A-Za-z0-9_-]{22}$/) }),
    z.strictObject({ sub: z.string().regex(/^s_[A-Za-z0-9_-]{22}$/) }),
    z.strictObject({ cred: z.string().regex(/^c_[A-Za-z0-9_-]{43}$/) }),
  ]),
});

/** One right that ends now. */
export type DenyClaims = z.infer<typeof denyClaimsSchema>;

/** Most versions that a gateway can be behind and still be led through, one manifest after the other. */
export const MAX_CHAIN = 20_000;

const orders = {
  manifest: z.string(),
  directory: z.string(),
  /** The approvals that the permits name, as the site log holds them. */
  approvals: z.array(approvalSchema).optional(),
  /** Manifests between the version that the gateway holds and this one, oldest first. */
  chain: z.array(z.string()).max(MAX_CHAIN).optional(),
};

/** Orders as a whole. */
export const policyBodySchema = z.strictObject({ ...orders, permits: z.array(z.string()) });

/** Orders as a whole. */
export type PolicyBody = z.infer<typeof policyBodySchema>;

/** What changed between the version that the gateway holds and the newest. */
export const policyDeltaSchema = z.strictObject({
  ...orders,
  from: z.number().int().min(1),
  to: z.number().int().min(1),
  add: z.array(z.string()),
  del: z.array(z.string()),
});

/** What changed between two versions. */
export type PolicyDelta = z.infer<typeof policyDeltaSchema>;

/** Deny notices, as compact JWS. */
const deniesSchema = z.array(z.string()).max(1000);

/** Root documents newer than the one that the gateway holds, oldest first. */
const rootsSchema = z.array(rootDocumentSchema).max(500);

/** What `GET /gateway/policy` answers: everything signed, so the transport is only a hint. */
export const policySnapshotSchema = z.strictObject({
  heartbeat: z.string(),
  /** Left out where the gateway already has this version, or where `delta` leads to it. */
  body: policyBodySchema.optional(),
  delta: policyDeltaSchema.optional(),
  /** True where commands wait for this gateway. */
  hasCommands: z.boolean().optional(),
  /** Deny notices in force: they only take rights away, so any order and any repeat is right. */
  denies: deniesSchema.optional(),
  roots: rootsSchema.optional(),
});

/** What `GET /gateway/policy` answers. */
export type PolicySnapshot = z.infer<typeof policySnapshotSchema>;

/** Orders on a stick, for a gateway without a network: `policy.json`. */
export const carriedPolicySchema = z.strictObject({
  format: z.literal('palang-policy/1'),
  date: z.string(),
  body: policyBodySchema,
  denies: deniesSchema.optional(),
  /** All root documents of the site, the first included. */
  roots: rootsSchema,
});

/** Orders on a stick. */
export type CarriedPolicy = z.infer<typeof carriedPolicySchema>;

/** Hashes a signed document as manifests and heartbeats name it: SHA-256 of the compact JWS, base64url. */
export const jwsHash = (sha256: Sha256, jws: string): string => encodeBase64Url(sha256(utf8(jws)));

/** One permit as the manifest counts it. */
export interface ManifestMember {
  readonly jti: string;
  readonly rev: number;
  /** jwsHash of the permit. */
  readonly hash: string;
}

/**
 * Computes the manifest's root over a set of permits, whatever order they come in: RFC 6962 over the canonical
 * [jti, rev, hash], sorted by jti.
 * @see rule C10
 */
export function manifestRoot(sha256: Sha256, members: readonly ManifestMember[]): string {
  const sorted = [...members].sort((a, b) => (a.jti < b.jti ? -1 : a.jti > b.jti ? 1 : a.rev - b.rev));
  return encodeBase64Url(
    rootOfLeaves(
      sha256,
      sorted.map((each) => leafHash(sha256, utf8(canonicalText([each.jti, each.rev, each.hash])))),
    ),
  );
}
