import type { KeyObject } from 'node:crypto';
import { compactVerify, errors } from 'jose';
import type { z } from 'zod';
import { judgeApprovals, type ApprovalFault } from '#contract/approval';
import { decodeUtf8 } from '#contract/bytes';
import type { EpochMs } from '#contract/clock';
import { decodeJson } from '#contract/decode-json';
import {
  JWS_TYPES,
  MAX_PERMIT_DAYS,
  PERMIT_CLASSES,
  POLICY_ALGORITHM,
  permitClaimsSchema,
  type PermitClass,
} from '#contract/permit';
import {
  MAX_MANIFEST_DAYS,
  dateClaimsSchema,
  denyClaimsSchema,
  directoryClaimsSchema,
  heartbeatClaimsSchema,
  jwsHash,
  manifestClaimsSchema,
  manifestRoot,
  type DateClaims,
  type DenyClaims,
  type DirectoryClaims,
  type HeartbeatClaims,
  type ManifestClaims,
  type PolicyBody,
  type PolicyDelta,
} from '#contract/policy';
import { roleKey, walkRoots, type Role, type RootBody, type RootDocument } from '#contract/root-document';
import { err, ok, type Result } from '#contract/result';
import { approvalHash, type Approval } from '#contract/site-log';
import { assertionPorts, publicKeyOf, sha256 } from '../crypto-ports.ts';
import { CLASS_LIMITS, type ClassLimit } from '../decision/decide.ts';

/** Who may give orders, and to whom. */
export interface PolicyTrust {
  readonly root: RootBody;
  readonly site: string;
  readonly issuer: string;
  readonly gateway: string;
  /** Epoch of its journal, by which a root document may revoke its key. */
  readonly epoch?: number;
}

/** The highest orders ever accepted; never lowered, and kept apart from the orders themselves. */
export interface Ratchet {
  readonly rootV: number;
  readonly v: number;
  /** jwsHash of the manifest. */
  readonly mh: string;
}

/** Orders that passed every check. */
export interface VerifiedPolicy {
  readonly manifest: ManifestClaims;
  readonly mh: string;
  readonly directory: DirectoryClaims;
  /** The approved permits as they were signed, each with the key that verified it. */
  readonly permits: readonly VerifiedMember[];
  /** Members that nobody, or too few, approved: they are counted and open nothing. */
  readonly unapproved: readonly { readonly hash: string; readonly why: ApprovalFault }[];
  /** How long each class outlives the last word of the server. */
  readonly limits: Readonly<Record<PermitClass, ClassLimit>>;
}

/** A permit whose signature, membership and approvals hold. */
export interface VerifiedMember {
  readonly jws: string;
  readonly key: KeyObject;
  /** True where its approvals count by the weaker setting only. */
  readonly isWeaklyApproved?: boolean;
}

/** Why orders were not accepted. */
export type PolicyError =
  | 'malformed'
  | 'signature-invalid'
  | 'wrong-type'
  | 'wrong-issuer'
  | 'wrong-audience'
  | 'wrong-gateway'
  | 'wrong-nonce'
  | 'time-before-floor'
  | 'version-rolled-back'
  | 'version-twice'
  | 'manifest-not-named'
  | 'manifest-expired'
  | 'manifest-too-long'
  | 'chain-broken'
  | 'directory-not-named'
  | 'permit-set-wrong'
  | 'permit-too-long'
  | 'body-missing'
  | 'delta-mismatch'
  | 'root-not-genuine'
  | 'root-mismatch'
  | 'gateway-revoked';

/** A server whose clock was set back by no more than this is still believed. */
const TIME_TOLERANCE_MS = 60_000;
const DAY_S = 86_400;
const MAX_JWS_LENGTH = 4_000_000;

/** Verifies one signed document of the site with jose: algorithm pinned, type and key role checked, claims by their schema. */
export async function verifyJws<T extends { readonly iss: string; readonly aud: string }>(
  jws: string,
  trust: PolicyTrust,
  kind: { readonly typ: string; readonly role: Role; readonly schema: z.ZodType<T> },
): Promise<Result<{ readonly claims: T; readonly key: KeyObject }, PolicyError>> {
  if (jws.length > MAX_JWS_LENGTH) return err('malformed');
  const used: { key: KeyObject | null } = { key: null };
  let payload: Uint8Array;
  try {
    const verified = await compactVerify(
      jws,
      ({ kid }) => {
        const raw = kid === undefined ? null : roleKey(trust.root, kind.role, kid);
        if (raw === null) throw new errors.JWSSignatureVerificationFailed();
        used.key = publicKeyOf(raw);
        return used.key;
      },
      { algorithms: [POLICY_ALGORITHM] },
    );
    if (verified.protectedHeader.typ !== kind.typ) return err('wrong-type');
    payload = verified.payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) {
      return err(error instanceof errors.JWSInvalid ? 'malformed' : 'signature-invalid');
    }
    throw error;
  }
  const text = decodeUtf8(payload);
  const claims = text.ok ? kind.schema.safeParse(decodeJson(text.value)) : undefined;
  if (claims?.success !== true || used.key === null) return err('malformed');
  if (claims.data.iss !== trust.issuer) return err('wrong-issuer');
  if (claims.data.aud !== trust.site) return err('wrong-audience');
  return ok({ claims: claims.data, key: used.key });
}

/**
 * Verifies a heartbeat: signed time, bound to the nonce that this gateway asked with.
 * @param floor the moment before which it certainly is not
 */
export async function verifyHeartbeat(
  jws: string,
  trust: PolicyTrust,
  nonce: string,
  floor: EpochMs,
): Promise<Result<HeartbeatClaims, PolicyError>> {
  const verified = await verifyJws(jws, trust, {
    typ: JWS_TYPES.heartbeat,
    role: 'fresh',
    schema: heartbeatClaimsSchema,
  });
  if (!verified.ok) return verified;
  const { claims } = verified.value;
  if (claims.gw !== trust.gateway) return err('wrong-gateway');
  if (claims.nonce !== nonce) return err('wrong-nonce');
  if (claims.t < floor - TIME_TOLERANCE_MS) return err('time-before-floor');
  return ok(claims);
}

/** Tells whether a heartbeat's version may follow what was accepted before. @see rules GP4, GP5 */
export function checkRatchet(
  { v, mh }: Pick<HeartbeatClaims, 'v' | 'mh'>,
  rootV: number,
  ratchet: Ratchet | null,
): Result<null, PolicyError> {
  // A new root document starts the count again: that is how a version pushed far ahead by a stolen key is undone.
  if (ratchet === null || rootV > ratchet.rootV) return ok(null);
  if (rootV < ratchet.rootV || v < ratchet.v) return err('version-rolled-back');
  return v === ratchet.v && mh !== ratchet.mh ? err('version-twice') : ok(null);
}

/** Verifies the date of orders that were carried by hand. */
export async function verifyDate(jws: string, trust: PolicyTrust): Promise<Result<DateClaims, PolicyError>> {
  const verified = await verifyJws(jws, trust, {
    typ: JWS_TYPES.date,
    role: 'fresh',
    schema: dateClaimsSchema,
  });
  return verified.ok ? ok(verified.value.claims) : verified;
}

/** Verifies a deny notice: whoever brings it, it only takes a right away. @see rule GP25 */
export async function verifyDeny(jws: string, trust: PolicyTrust): Promise<Result<DenyClaims, PolicyError>> {
  const verified = await verifyJws(jws, trust, {
    typ: JWS_TYPES.deny,
    role: 'issuer',
    schema: denyClaimsSchema,
  });
  return verified.ok ? ok(verified.value.claims) : verified;
}

/**
 * Walks from the root document in force to newer ones. Those that are known already are passed over, if they are
 * not others under the same version.
 * @see rules GP23, GP24
 */
export async function walkTrust(
  trust: PolicyTrust,
  documents: readonly RootDocument[],
): Promise<Result<PolicyTrust, PolicyError>> {
  const newer = documents.filter(({ root }) => root.v > trust.root.v);
  if (newer.length === 0) return ok(trust);
  const root = await walkRoots(assertionPorts.verify, trust.root, newer);
  if (!root.ok) return err('root-not-genuine');
  const isRevoked = root.value.revoked?.some(({ gw, ep }) => gw === trust.gateway && ep === trust.epoch);
  return isRevoked === true ? err('gateway-revoked') : ok({ ...trust, root: root.value });
}

/**
 * Applies what changed to the orders that are held. Whether the outcome is right says the manifest, not the server.
 * @see rule GP28
 */
export function applyDelta(held: PolicyBody, delta: PolicyDelta): PolicyBody {
  const { manifest, directory, chain } = delta;
  const gone = new Set([...delta.del, ...delta.add.map(jtiOf)]);
  const permits = [...held.permits.filter((jws) => !gone.has(jtiOf(jws))), ...delta.add];
  const approvals = new Map(
    [...(held.approvals ?? []), ...(delta.approvals ?? [])].map((each) => [approvalHash(sha256, each), each]),
  );
  const named = new Set(permits.flatMap(approvalsNamedBy));
  const kept = [...approvals].flatMap(([hash, approval]) => (named.has(hash) ? [approval] : []));
  return { manifest, directory, permits, approvals: kept, ...(chain !== undefined && { chain }) };
}

/** Claims that nobody has verified yet: good for sorting, and for nothing else. */
const looseClaims = (jws: string): unknown =>
  decodeJson(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8'));

const loosePermit = (jws: string) => permitClaimsSchema.safeParse(looseClaims(jws));

const jtiOf = (jws: string): string => {
  const claims = loosePermit(jws);
  return claims.success ? claims.data.jti : jws;
};

const approvalsNamedBy = (jws: string): readonly string[] => {
  const claims = loosePermit(jws);
  return claims.success ? claims.data.apr.map(({ h }) => h) : [];
};

/** The manifest in force caps nothing that the officials have not allowed; what neither names stays as it is. */
function limitsOf(root: RootBody, { lim }: ManifestClaims): VerifiedPolicy['limits'] {
  const limitOf = (cls: PermitClass): ClassLimit => {
    const { softMs, hardMs: usualMs } = CLASS_LIMITS[cls];
    const cap = root.maxLimits?.[cls];
    const capMs = cap === undefined ? usualMs : cap * 1000;
    const wanted = lim?.[cls];
    const hardMs = Math.min(wanted === undefined ? usualMs : wanted * 1000, capMs);
    return { softMs: softMs === null || softMs >= hardMs ? null : softMs, hardMs };
  };
  return Object.fromEntries(PERMIT_CLASSES.map((cls) => [cls, limitOf(cls)])) as VerifiedPolicy['limits'];
}

/** Leads from the accepted manifest to this one, so that two different ones under one version are found. */
async function checkChain(
  { v, prev }: ManifestClaims,
  chain: readonly string[],
  trust: PolicyTrust,
  ratchet: Ratchet | null,
): Promise<Result<null, PolicyError>> {
  if (ratchet === null || ratchet.rootV !== trust.root.v || v === ratchet.v) return ok(null);
  let [nextV, link] = [ratchet.v + 1, ratchet.mh];
  for (const jws of chain) {
    // What was asked for from an older version begins before what is known, perhaps under keys that ended since.
    const offered = manifestClaimsSchema.safeParse(looseClaims(jws));
    if (offered.success && offered.data.v < nextV) continue;
    const step = await verifyJws(jws, trust, {
      typ: JWS_TYPES.manifest,
      role: 'issuer',
      schema: manifestClaimsSchema,
    });
    if (!step.ok) return step;
    if (step.value.claims.v !== nextV || step.value.claims.prev !== link) return err('chain-broken');
    [nextV, link] = [nextV + 1, jwsHash(sha256, jws)];
  }
  return v === nextV && prev === link ? ok(null) : err('chain-broken');
}

/**
 * Verifies the orders that a heartbeat names: manifest, directory and every permit, then the set as a whole, then who
 * approved what.
 * @see rules GP1 to GP8, GP12 to GP19
 */
export async function verifyBody(
  body: PolicyBody,
  heartbeat: Pick<HeartbeatClaims, 't' | 'v' | 'mh'>,
  trust: PolicyTrust,
  ratchet: Ratchet | null,
): Promise<Result<VerifiedPolicy, PolicyError>> {
  const mh = jwsHash(sha256, body.manifest);
  if (mh !== heartbeat.mh) return err('manifest-not-named');
  const manifest = await verifyJws(body.manifest, trust, {
    typ: JWS_TYPES.manifest,
    role: 'issuer',
    schema: manifestClaimsSchema,
  });
  if (!manifest.ok) return manifest;
  const { claims } = manifest.value;
  if (claims.v !== heartbeat.v) return err('manifest-not-named');
  const lifeSeconds = claims.exp - claims.iat;
  if (lifeSeconds <= 0 || lifeSeconds > MAX_MANIFEST_DAYS * DAY_S) return err('manifest-too-long');
  if (heartbeat.t >= claims.exp * 1000) return err('manifest-expired');
  // A manifest of an earlier root document must not come back under a newer one, where the count starts again.
  if ((claims.rootv ?? 1) !== trust.root.v) return err('root-mismatch');
  const chained = await checkChain(claims, body.chain ?? [], trust, ratchet);
  if (!chained.ok) return chained;
  if (jwsHash(sha256, body.directory) !== claims.dir) return err('directory-not-named');
  const directory = await verifyJws(body.directory, trust, {
    typ: JWS_TYPES.directory,
    role: 'issuer',
    schema: directoryClaimsSchema,
  });
  if (!directory.ok) return directory;
  const approvals = new Map<string, Approval>(
    (body.approvals ?? []).map((approval) => [approvalHash(sha256, approval), approval]),
  );
  const members = [];
  const permits: VerifiedMember[] = [];
  const unapproved: { readonly hash: string; readonly why: ApprovalFault }[] = [];
  for (const jws of body.permits) {
    const permit = await verifyJws(jws, trust, {
      typ: JWS_TYPES.permit,
      role: 'issuer',
      schema: permitClaimsSchema,
    });
    if (!permit.ok) return permit;
    const { jti, rev, nbf, exp } = permit.value.claims;
    if (exp <= nbf || exp - nbf > MAX_PERMIT_DAYS * DAY_S) return err('permit-too-long');
    const hash = jwsHash(sha256, jws);
    members.push({ jti, rev, hash });
    const judged = await judgeApprovals(assertionPorts, trust.root, permit.value.claims, approvals);
    if (judged.ok) permits.push({ jws, key: permit.value.key, isWeaklyApproved: judged.value.isWeak });
    else unapproved.push({ hash, why: judged.error });
  }
  const isWhole =
    members.length === claims.n &&
    new Set(members.map(({ jti }) => jti)).size === members.length &&
    manifestRoot(sha256, members) === claims.root;
  if (!isWhole) return err('permit-set-wrong');
  const limits = limitsOf(trust.root, claims);
  return ok({ manifest: claims, mh, directory: directory.value.claims, permits, unapproved, limits });
}
