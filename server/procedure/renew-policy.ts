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
import { NO_PREVIOUS_HASH } from '#contract/record';
import { Fault } from '#contract/result';
import { sha256 } from '../signing/node-crypto.ts';
import type { Database } from '../store/database.ts';
import { directoryContents, type DirectoryContents } from '../store/directory.ts';
import { countingPermits } from '../store/permits.ts';
import { currentPolicy, insertPolicyVersion, type PolicyVersion } from '../store/policy-versions.ts';
import { appendSiteLog } from '../store/site-log.ts';
import { revisePermitsBetween } from './revise-permits.ts';
import { siteLogPort, type Site } from './site.ts';

const DAY_MS = 86_400_000;

/** How long an ended permit stays listed, so that the door can say `expired` and not only `no-permit`. */
const LISTED_AFTER_END_MS = DAY_MS;

/** How old an unchanged manifest may get: a gateway that is cut off keeps at least 44 of the 45 days. */
const RENEW_AFTER_MS = DAY_MS;

function claimsIn(jws: string): unknown {
  const bytes = decodeBase64Url(jws.split('.')[1] ?? '');
  const text = bytes.ok ? decodeUtf8(bytes.value) : null;
  if (text?.ok !== true) throw new Fault('stored-policy-damaged', { retryable: false });
  return JSON.parse(text.value);
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
  const contents = await directoryContents(trx, now - LISTED_AFTER_END_MS);
  const lastContents = last === null ? null : contentsOf(last.directory);
  if (lastContents !== null) {
    await revisePermitsBetween(trx, site, { before: lastContents.creds, after: contents.creds }, now);
  }
  const members = await countingPermits(trx, now - LISTED_AFTER_END_MS);
  const root = manifestRoot(sha256, members);
  if (
    last !== null &&
    now - last.signedAt < RENEW_AFTER_MS &&
    root === manifestClaimsSchema.parse(claimsIn(last.manifest)).root &&
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
    root,
    n: members.length,
    dir: jwsHash(sha256, directory),
    exp: iat + MAX_MANIFEST_DAYS * (DAY_MS / 1000),
  });
  const manifestHash = jwsHash(sha256, manifest);
  const next = { version, manifest, manifestHash, directory, members: ids, signedAt: now };
  await insertPolicyVersion(trx, next);
  await appendSiteLog(
    trx,
    siteLogPort(site),
    [{ ty: 'manifest.signed', x: { v: version, mh: manifestHash } }],
    now,
  );
  return next;
}
