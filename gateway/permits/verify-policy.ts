import type { KeyObject } from 'node:crypto';
import { compactVerify, errors } from 'jose';
import type { z } from 'zod';
import { decodeUtf8 } from '#contract/bytes';
import type { EpochMs } from '#contract/clock';
import { JWS_TYPES, MAX_PERMIT_DAYS, POLICY_ALGORITHM, permitClaimsSchema } from '#contract/permit';
import {
  MAX_MANIFEST_DAYS,
  directoryClaimsSchema,
  heartbeatClaimsSchema,
  jwsHash,
  manifestClaimsSchema,
  manifestRoot,
  type DirectoryClaims,
  type HeartbeatClaims,
  type ManifestClaims,
  type PolicySnapshot,
} from '#contract/policy';
import { roleKey, type Role, type RootBody } from '#contract/root-document';
import { err, ok, type Result } from '#contract/result';
import { publicKeyOf, sha256 } from '../crypto-ports.ts';

/** Who may give orders, and to whom. */
export interface PolicyTrust {
  readonly root: RootBody;
  readonly site: string;
  readonly issuer: string;
  readonly gateway: string;
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
  /** The permits as they were signed, each with the key that verified it. */
  readonly permits: readonly { readonly jws: string; readonly key: KeyObject }[];
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
  | 'body-missing';

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

function decodeJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
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

/**
 * Verifies the orders that a heartbeat names: manifest, directory and every permit, then the set as a whole.
 * @see rules GP1 to GP8
 */
export async function verifyBody(
  body: NonNullable<PolicySnapshot['body']>,
  heartbeat: HeartbeatClaims,
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
  if (ratchet?.rootV === trust.root.v && claims.v === ratchet.v + 1 && claims.prev !== ratchet.mh) {
    return err('chain-broken');
  }
  if (jwsHash(sha256, body.directory) !== claims.dir) return err('directory-not-named');
  const directory = await verifyJws(body.directory, trust, {
    typ: JWS_TYPES.directory,
    role: 'issuer',
    schema: directoryClaimsSchema,
  });
  if (!directory.ok) return directory;
  const members = [];
  const permits = [];
  for (const jws of body.permits) {
    const permit = await verifyJws(jws, trust, {
      typ: JWS_TYPES.permit,
      role: 'issuer',
      schema: permitClaimsSchema,
    });
    if (!permit.ok) return permit;
    const { jti, rev, nbf, exp } = permit.value.claims;
    if (exp <= nbf || exp - nbf > MAX_PERMIT_DAYS * DAY_S) return err('permit-too-long');
    members.push({ jti, rev, hash: jwsHash(sha256, jws) });
    permits.push({ jws, key: permit.value.key });
  }
  const isWhole =
    members.length === claims.n &&
    new Set(members.map(({ jti }) => jti)).size === members.length &&
    manifestRoot(sha256, members) === claims.root;
  if (!isWhole) return err('permit-set-wrong');
  return ok({ manifest: claims, mh, directory: directory.value.claims, permits });
}
