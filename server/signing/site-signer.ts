import { CompactSign } from 'jose';
import { utf8 } from '#contract/bytes';
import { canonicalText, type CanonicalValue } from '#contract/canonical';
import { cosignCheckpoint, signCheckpoint, type Checkpoint } from '#contract/checkpoint';
import type { EpochMs } from '#contract/clock';
import { JWS_TYPES, POLICY_ALGORITHM, type PermitClaims } from '#contract/permit';
import type { DirectoryClaims, HeartbeatClaims, ManifestClaims } from '#contract/policy';
import { siteNoteKey } from '#contract/record';
import { err, Fault, ok, type Result } from '#contract/result';
import { checkApproval, type ApprovalEvidence, type ApprovalFault } from './approval-evidence.ts';
import type { KeyStore, SigningKey } from './key-store.ts';
import { publicBytesOf, sha256, signerOf } from './node-crypto.ts';

/** Signs for a site. Nothing else holds its keys. */
export interface SiteSigner {
  readonly siteId: string;
  /** `iss` of everything that is signed. */
  readonly issuer: string;
  /** Signs a permit, after looking at the evidence of its approval itself. */
  signPermit(claims: PermitClaims, evidence: ApprovalEvidence): Promise<Result<string, ApprovalFault>>;
  signManifest(claims: ManifestClaims): Promise<string>;
  signDirectory(claims: DirectoryClaims): Promise<string>;
  signHeartbeat(claims: HeartbeatClaims): Promise<string>;
  /** Signs a checkpoint of the site log. */
  signSiteCheckpoint(checkpoint: Checkpoint): string;
  /** Cosigns a gateway's checkpoint; what it covers is verified and stored by then. */
  cosign(note: string, now: EpochMs): string;
}

/** Names the issuer of a site's permits. */
export const issuerOf = (siteId: string): string => `palang/${siteId}`;

async function signJws(
  by: SigningKey,
  typ: (typeof JWS_TYPES)[keyof typeof JWS_TYPES],
  claims: unknown,
): Promise<string> {
  return new CompactSign(utf8(canonicalText(claims as CanonicalValue)))
    .setProtectedHeader({ alg: POLICY_ALGORITHM, typ, kid: by.kid })
    .sign(by.key);
}

/** Makes the signer of a site from its keys. */
export function createSiteSigner(siteId: string, keys: KeyStore): SiteSigner {
  const noteKey = {
    ...siteNoteKey(siteId, publicBytesOf(keys.log.key)),
    sign: signerOf(keys.log.key),
  };
  return {
    siteId,
    issuer: issuerOf(siteId),
    signPermit: async (claims, evidence) => {
      const checked = checkApproval(sha256, claims, evidence);
      return checked.ok ? ok(await signJws(keys.issuer, JWS_TYPES.permit, claims)) : err(checked.error);
    },
    signManifest: (claims) => signJws(keys.issuer, JWS_TYPES.manifest, claims),
    signDirectory: (claims) => signJws(keys.issuer, JWS_TYPES.directory, claims),
    signHeartbeat: (claims) => signJws(keys.fresh, JWS_TYPES.heartbeat, claims),
    signSiteCheckpoint: (checkpoint) => signCheckpoint(sha256, checkpoint, noteKey),
    cosign: (note, now) => {
      const cosigned = cosignCheckpoint(sha256, note, noteKey, Math.floor(now / 1000));
      if (!cosigned.ok) throw new Fault('checkpoint-damaged', { retryable: false });
      return cosigned.value;
    },
  };
}
