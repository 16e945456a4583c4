import type { EpochMs } from '#contract/clock';
import type { DenyClaims, DirectoryClaims } from '#contract/policy';
import { newRowId } from '../auth/tokens.ts';
import type { Database } from '../store/database.ts';
import { insertDenyNotices } from '../store/deny-notices.ts';
import { findPermit } from '../store/permits.ts';
import type { PolicyVersion } from '../store/policy-versions.ts';
import type { Site } from './site.ts';

type Creds = DirectoryClaims['creds'];

const activeIn = (creds: Creds): Creds => creds.filter(({ st }) => st === 'active');

/** What a version takes away of the one before: credentials that count no more, and people who have none left. */
function takenAway(before: Creds, after: Creds): DenyClaims['deny'][] {
  const [had, has] = [activeIn(before), activeIn(after)];
  const active = new Set(has.map(({ cred }) => cred));
  const people = new Set(has.map(({ sub }) => sub));
  const gone = had.filter(({ cred }) => !active.has(cred));
  const left = new Set(gone.map(({ sub }) => sub).filter((sub) => !people.has(sub)));
  return [...gone.map(({ cred }) => ({ cred })), ...[...left].map((sub) => ({ sub }))];
}

/**
 * Signs a notice for each right that a new version of the policy takes away, whatever the reason was: a gateway that
 * hears of the notice first need not wait for the version. Runs in the transaction of the change.
 * @see rule SU21
 */
export async function issueDenyNotices(
  trx: Database,
  site: Site,
  change: {
    readonly before: { readonly policy: PolicyVersion; readonly creds: Creds };
    readonly after: { readonly version: number; readonly members: readonly string[]; readonly creds: Creds };
  },
  now: EpochMs,
): Promise<void> {
  const { before, after } = change;
  const denied = takenAway(before.creds, after.creds);
  const members = new Set(after.members);
  for (const jti of before.policy.members.filter((each) => !members.has(each))) {
    const permit = await findPermit(trx, jti);
    // What is over needs no notice: its own end is in it.
    if (permit !== null && permit.validUntil > now) denied.push({ jti });
  }
  const at = Math.floor(now / 1000);
  const notices = [];
  for (const deny of denied) {
    const id = newRowId(site.random, 'dn');
    const claims = { iss: site.signer.issuer, aud: site.id, id, at, vmin: after.version, deny };
    notices.push({ id, vmin: after.version, jws: await site.signer.signDeny(claims), at: now });
  }
  await insertDenyNotices(trx, notices);
}
