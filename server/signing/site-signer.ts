import { CompactSign, compactVerify, errors } from 'jose';
import { judgeApprovals } from '#contract/approval';
import { decodeUtf8, utf8 } from '#contract/bytes';
import { canonicalText, type CanonicalValue } from '#contract/canonical';
import { cosignCheckpoint, signCheckpoint, type Checkpoint } from '#contract/checkpoint';
import type { EpochMs } from '#contract/clock';
import type { CommandClaims } from '#contract/command';
import { JWS_TYPES, permitClaimsSchema, POLICY_ALGORITHM, type PermitClaims } from '#contract/permit';
import type {
  DateClaims,
  DenyClaims,
  DirectoryClaims,
  HeartbeatClaims,
  ManifestClaims,
} from '#contract/policy';
import { siteNoteKey } from '#contract/record';
import { roleKey, type RootBody } from '#contract/root-document';
import { err, Fault, ok, type Result } from '#contract/result';
import type { Approval } from '#contract/site-log';
import { checkApproval, type ApprovalEvidence, type ApprovalFault } from './approval-evidence.ts';
import type { KeyStore, SigningKey } from './key-store.ts';
import { assertionPorts, publicBytesOf, publicKeyOf, sha256, signerOf } from './node-crypto.ts';

/** What may differ between two revisions of a permit: credentials and uses are no part of what was approved. */
export interface PermitRevision {
  /** Seconds since 1970. */
  readonly iat: number;
  readonly cred: readonly string[];
  /** Null where they stay as they are; no count where entries are not counted. */
  readonly uses: { readonly count: number | undefined } | null;
}

/** The next revision of a permit, signed. */
export interface RevisedPermit {
  readonly claims: PermitClaims;
  readonly jws: string;
}

/** Signs for a site. Nothing else holds its keys. */
export interface SiteSigner {
  readonly siteId: string;
  /** `iss` of everything that is signed. */
  readonly issuer: string;
  /** Signs a permit, after looking at the evidence of its approval itself. */
  signPermit(claims: PermitClaims, evidence: ApprovalEvidence): Promise<Result<string, ApprovalFault>>;
  /**
   * Signs the next revision of a permit that this very signer signed; the approval of the first still stands.
   * @returns null where nothing differs
   */
  revisePermit(jws: string, revision: PermitRevision): Promise<Result<RevisedPermit | null, 'not-ours'>>;
  /**
   * Signs a permit anew whose issuer key counts no more, if its approvals hold under the root document in force: who
   * had that key may have signed what nobody approved.
   * @returns null where the key that signed it still counts
   * @see rule SU18
   */
  reissuePermit(
    jws: string,
    approvals: ReadonlyMap<string, Approval>,
    iat: number,
  ): Promise<Result<RevisedPermit | null, 'not-ours' | 'not-approved'>>;
  signManifest(claims: ManifestClaims): Promise<string>;
  signDirectory(claims: DirectoryClaims): Promise<string>;
  signHeartbeat(claims: HeartbeatClaims): Promise<string>;
  /** Signs the date of orders that are carried by hand. */
  signDate(claims: DateClaims): Promise<string>;
  /** Signs a notice that ends one right. */
  signDeny(claims: DenyClaims): Promise<string>;
  /** Signs an order at a door, bound to the nonce of its gateway. */
  signCommand(claims: CommandClaims): Promise<string>;
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

interface OpenedPermit {
  readonly claims: PermitClaims;
  readonly kid: string;
}

/** Opens a permit of ours; null for whatever no issuer key of these root documents signed as one. */
async function openPermit(jws: string, roots: readonly RootBody[]): Promise<OpenedPermit | null> {
  const opened = await compactVerify(
    jws,
    ({ kid = '' }) => {
      for (const root of roots) {
        const key = roleKey(root, 'issuer', kid);
        if (key !== null) return publicKeyOf(key);
      }
      throw new errors.JWSSignatureVerificationFailed();
    },
    { algorithms: [POLICY_ALGORITHM] },
  ).catch((error: unknown) => {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  });
  if (opened === null) return null;
  const { typ, kid } = opened.protectedHeader;
  const text = decodeUtf8(opened.payload);
  if (typ !== JWS_TYPES.permit || kid === undefined || !text.ok) return null;
  return { claims: permitClaimsSchema.parse(JSON.parse(text.value)), kid };
}

const isSameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.toSorted().join() === b.toSorted().join();

/** Makes the signer of a site from its keys. */
export function createSiteSigner(siteId: string, keys: KeyStore): SiteSigner {
  // Asked each time: officials may rotate the keys of a server that runs.
  const noteKey = () => ({
    ...siteNoteKey(siteId, publicBytesOf(keys.log.key)),
    sign: signerOf(keys.log.key),
  });
  const rootInForce = (): RootBody => (keys.rootChain.at(-1) ?? keys.rootChain[0]).root;
  return {
    siteId,
    issuer: issuerOf(siteId),
    signPermit: async (claims, evidence) => {
      const checked = await checkApproval(sha256, rootInForce(), claims, evidence);
      return checked.ok ? ok(await signJws(keys.issuer, JWS_TYPES.permit, claims)) : err(checked.error);
    },
    revisePermit: async (jws, { iat, cred, uses }) => {
      const opened = await openPermit(jws, [rootInForce()]);
      if (opened === null) return err('not-ours');
      const before = opened.claims;
      const count = uses === null ? before.uses : uses.count;
      if (isSameSet(before.cred, cred) && before.uses === count) return ok(null);
      const { uses: _uses, ...kept } = before;
      const claims = {
        ...kept,
        rev: before.rev + 1,
        iat,
        cred: [...cred],
        ...(count === undefined ? {} : { uses: count }),
      };
      return ok({ claims, jws: await signJws(keys.issuer, JWS_TYPES.permit, claims) });
    },
    reissuePermit: async (jws, approvals, iat) => {
      const root = rootInForce();
      if ((await openPermit(jws, [root])) !== null) return ok(null);
      const opened = await openPermit(
        jws,
        keys.rootChain.map((document) => document.root),
      );
      if (opened === null) return err('not-ours');
      const judged = await judgeApprovals(assertionPorts, root, opened.claims, approvals);
      if (!judged.ok) return err('not-approved');
      const claims = { ...opened.claims, rev: opened.claims.rev + 1, iat };
      return ok({ claims, jws: await signJws(keys.issuer, JWS_TYPES.permit, claims) });
    },
    signManifest: (claims) => signJws(keys.issuer, JWS_TYPES.manifest, claims),
    signDirectory: (claims) => signJws(keys.issuer, JWS_TYPES.directory, claims),
    signHeartbeat: (claims) => signJws(keys.fresh, JWS_TYPES.heartbeat, claims),
    signDate: (claims) => signJws(keys.fresh, JWS_TYPES.date, claims),
    signDeny: (claims) => signJws(keys.issuer, JWS_TYPES.deny, claims),
    signCommand: (claims) => signJws(keys.issuer, JWS_TYPES.command, claims),
    signSiteCheckpoint: (checkpoint) => signCheckpoint(sha256, checkpoint, noteKey()),
    cosign: (note, now) => {
      const cosigned = cosignCheckpoint(sha256, note, noteKey(), Math.floor(now / 1000));
      if (!cosigned.ok) throw new Fault('checkpoint-damaged', { retryable: false });
      return cosigned.value;
    },
  };
}
