import type { EpochMs } from '#contract/clock';
import { jwsHash, type DirectoryClaims } from '#contract/policy';
import { Fault } from '#contract/result';
import { usesWithCode } from '../domain/visit-code.ts';
import { sha256 } from '../signing/node-crypto.ts';
import { activeHandles } from '../store/credentials.ts';
import type { Database } from '../store/database.ts';
import { livePermitsOf, saveRevision, type StoredPermit } from '../store/permits.ts';
import { appendSiteLog } from '../store/site-log.ts';
import { activeCodesOf, countEntries } from '../store/visit-codes.ts';
import { siteLogPort, type Site } from './site.ts';

/** Most credentials that one permit names. */
const MAX_CREDENTIALS = 16;

/**
 * Signs the next revision of a permit for the credentials that its holder has now. Nothing else of it changes,
 * but for the uses where a code stands in for a card. Without a credential it stays as it is: the directory says
 * that its cards do not count.
 * @param isNewCode true where a code has just been handed out
 * @see rules SD17, SU14
 */
export async function revisePermit(
  trx: Database,
  site: Site,
  permit: StoredPermit,
  now: EpochMs,
  isNewCode = false,
): Promise<void> {
  const cards = await activeHandles(trx, permit.sub);
  const cred = [...(await activeCodesOf(trx, permit.id)), ...cards].slice(0, MAX_CREDENTIALS);
  if (cred.length === 0) return;
  const hasCard = cards.length > 0;
  const isCounted = isNewCode || hasCard;
  const signed = await site.signer.revisePermit(permit.jws, {
    iat: Math.floor(now / 1000),
    cred,
    uses: isCounted
      ? {
          count: usesWithCode(
            hasCard,
            permit.approvedUses ?? undefined,
            hasCard ? 0 : await countEntries(trx, permit.id),
          ),
        }
      : null,
  });
  if (!signed.ok) throw new Fault('stored-permit-damaged', { retryable: false });
  if (signed.value === null) return;
  const hash = jwsHash(sha256, signed.value.jws);
  await saveRevision(trx, { ...signed.value, hash });
  await appendSiteLog(trx, siteLogPort(site), [{ ty: 'permit.issued', x: { h: hash } }], now);
}

const activeCards = (creds: DirectoryClaims['creds']): ReadonlyMap<string, string> => {
  const cards = new Map<string, string>();
  for (const { sub, cred, st, k } of creds) {
    if (k === undefined && st === 'active') cards.set(sub, `${cards.get(sub) ?? ''} ${cred}`);
  }
  return cards;
};

/** Revises the permits of everybody whose active cards changed between two directories. @see rule SU14 */
export async function revisePermitsBetween(
  trx: Database,
  site: Site,
  directories: { readonly before: DirectoryClaims['creds']; readonly after: DirectoryClaims['creds'] },
  now: EpochMs,
): Promise<void> {
  const [before, after] = [activeCards(directories.before), activeCards(directories.after)];
  const people = [...new Set([...before.keys(), ...after.keys()])];
  for (const sub of people.filter((each) => before.get(each) !== after.get(each)).sort()) {
    for (const permit of await livePermitsOf(trx, sub, now)) await revisePermit(trx, site, permit, now);
  }
}
