import { decodeBase64Url, decodeUtf8 } from '#contract/bytes';
import { canonicalText, type CanonicalValue } from '#contract/canonical';
import type { EpochMs } from '#contract/clock';
import {
  directoryClaimsSchema,
  jwsHash,
  manifestClaimsSchema,
  manifestRoot,
  MAX_MANIFEST_DAYS,
} from '#contract/policy';
import { permitClaimsSchema } from '#contract/permit';
import { NO_PREVIOUS_HASH } from '#contract/record';
import { Fault } from '#contract/result';
import type { SiteLogEntry } from '#contract/site-log';
import { sha256 } from '../signing/node-crypto.ts';
import type { Database } from '../store/database.ts';
import { directoryContents, type DirectoryContents } from '../store/directory.ts';
import { loadApprovals } from '../store/approvals.ts';
import { countingPermits, revokePermitById, saveRevision, type StoredMember } from '../store/permits.ts';
import { currentPolicy, insertPolicyVersion, type PolicyVersion } from '../store/policy-versions.ts';
import { appendSiteLog } from '../store/site-log.ts';
import { rootInForce } from './approvals.ts';
import { issueDenyNotices } from './deny-notices.ts';
import { revisePermitsBetween } from './revise-permits.ts';
import { siteLogPort, type Site } from './site.ts';

const DAY_MS = 86_400_000;

/** How long an ended permit stays listed, so that the door can say `expired` and not only `no-permit`. */
const LISTED_AFTER_END_MS = DAY_MS;

/** How old an unchanged manifest may get: a gateway that is cut off keeps at least 44 of the 45 days. */
const RENEW_AFTER_MS = DAY_MS;

function partOf(jws: string, index: 0 | 1): unknown {
  const bytes = decodeBase64Url(jws.split('.')[index] ?? '');
  const text = bytes.ok ? decodeUtf8(bytes.value) : null;
  if (text?.ok !== true) throw new Fault('stored-policy-damaged', { retryable: false });
  return JSON.parse(text.value);
}

/** Reads the claims of a signed document that is our own. */
export const claimsIn = (jws: string): unknown => partOf(jws, 1);

/** Reads which approvals a stored permit names. */
export const approvalsNamedIn = (jws: string): readonly string[] =>
  permitClaimsSchema.parse(claimsIn(jws)).apr.map(({ h }) => h);

/**
 * Signs anew, in the next revision, what a key signed that officials have taken out of the root document; what does
 * not stand under its approvals is revoked instead.
 * @see rule SU18
 */
async function reissuePermits(trx: Database, site: Site, now: EpochMs): Promise<void> {
  const issuers = rootInForce(site).roles.issuer.keys;
  const isOld = ({ jws }: StoredMember): boolean =>
    !issuers.includes((partOf(jws, 0) as { readonly kid?: string }).kid ?? '');
  const entries: SiteLogEntry[] = [];
  for (const { jti, jws, hash } of (await countingPermits(trx, now - LISTED_AFTER_END_MS)).filter(isOld)) {
    const approvals = await loadApprovals(trx, approvalsNamedIn(jws));
    const signed = await site.signer.reissuePermit(jws, approvals, Math.floor(now / 1000));
    if (signed.ok && signed.value !== null) {
      const next = jwsHash(sha256, signed.value.jws);
      await saveRevision(trx, { ...signed.value, hash: next });
      entries.push({ ty: 'permit.issued', x: { h: next } });
    } else if (!signed.ok) {
      await revokePermitById(trx, jti, now);
      entries.push({ ty: 'permit.revoked', x: { h: hash } });
    }
  }
  await appendSiteLog(trx, siteLogPort(site), entries, now);
}

function contentsOf(directory: string): DirectoryContents {
  const { iss: _iss, aud: _aud, iat: _iat, ...contents } = directoryClaimsSchema.parse(claimsIn(directory));
  return contents;
}

const isSame = (a: unknown, b: unknown): boolean =>
  canonicalText(a as CanonicalValue) === canonicalText(b as CanonicalValue);

/**
 * Signs the next version of the policy if permits, credentials, people or rules changed since the last, or it is
 * a day old; else gives the last. Permits whose holder's cards changed are revised on the way. Runs in the
 * transaction of the change.
 * @see rule SU4
 */
export async function renewPolicy(trx: Database, site: Site, now: EpochMs): Promise<PolicyVersion> {
  const last = await currentPolicy(trx);
  const root = rootInForce(site);
  const lastManifest = last === null ? null : manifestClaimsSchema.parse(claimsIn(last.manifest));
  const isOfRoot = (lastManifest?.rootv ?? 1) === root.v;
  if (!isOfRoot) await reissuePermits(trx, site, now);
  const contents = await directoryContents(trx, now - LISTED_AFTER_END_MS);
  const lastContents = last === null ? null : contentsOf(last.directory);
  if (lastContents !== null) {
    await revisePermitsBetween(trx, site, { before: lastContents.creds, after: contents.creds }, now);
  }
  const members = await countingPermits(trx, now - LISTED_AFTER_END_MS);
  const setRoot = manifestRoot(sha256, members);
  if (
    last !== null &&
    isOfRoot &&
    now - last.signedAt < RENEW_AFTER_MS &&
    setRoot === lastManifest?.root &&
    isSame(contents, lastContents)
  ) {
    return last;
  }
  const ids = members.map((member) => member.jti);
  const iat = Math.floor(now / 1000);
  const common = { iss: site.signer.issuer, aud: site.id, iat };
  const directory = await site.signer.signDirectory({ ...common, ...contents });
  const version = (last?.version ?? 0) + 1;
  const manifest = await site.signer.signManifest({
    ...common,
    v: version,
    prev: last?.manifestHash ?? NO_PREVIOUS_HASH,
    root: setRoot,
    n: members.length,
    dir: jwsHash(sha256, directory),
    exp: iat + MAX_MANIFEST_DAYS * (DAY_MS / 1000),
    ...(root.v > 1 && { rootv: root.v }),
    ...(root.maxLimits !== undefined && { lim: root.maxLimits }),
  });
  const manifestHash = jwsHash(sha256, manifest);
  const memberHashes = Object.fromEntries(members.map(({ jti, hash }) => [jti, hash]));
  const next = { version, manifest, manifestHash, directory, members: ids, memberHashes, signedAt: now };
  await insertPolicyVersion(trx, next);
  if (last !== null && lastContents !== null) {
    const before = { policy: last, creds: lastContents.creds };
    await issueDenyNotices(
      trx,
      site,
      { before, after: { version, members: ids, creds: contents.creds } },
      now,
    );
  }
  await appendSiteLog(
    trx,
    siteLogPort(site),
    [{ ty: 'manifest.signed', x: { v: version, mh: manifestHash } }],
    now,
  );
  return next;
}
