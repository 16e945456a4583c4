import type { Person } from '#contract/api';
import { err, ok, type Result } from '#contract/result';
import { isGuessedFirst } from '../auth/guessed-passwords.ts';
import { hashPassword } from '../auth/passwords.ts';
import { newToken, tokenHash } from '../auth/tokens.ts';
import { checkPassword } from '../domain/password-policy.ts';
import {
  deleteResetsOf,
  deleteSessionById,
  deleteSessionsOf,
  deleteSsoLink,
  findReset,
  insertReset,
  insertSsoLink,
  savePasswordHash,
} from '../store/accounts.ts';
import { recordAudit } from '../store/audit-trail.ts';
import { inTransaction, type Database } from '../store/database.ts';
import { findPerson } from '../store/people.ts';
import { tellPerson } from './tell-person.ts';
import { refusal, type Refusal, type Site } from './site.ts';

/** Long enough to walk over to somebody, too short to be found in a mailbox later. */
const RESET_LIFE_MS = 60 * 60_000;

type AccountSite = Pick<Site, 'db' | 'clock' | 'random'>;

/** Judges a password for a person. @see rule SU30 */
export function judgePassword(
  person: Pick<Person, 'name' | 'username'>,
  password: string,
): Result<null, Refusal> {
  const checked = checkPassword(password, {
    isCommon: isGuessedFirst,
    names: [person.username ?? '', person.name],
  });
  return checked.ok
    ? checked
    : err(refusal('password-not-usable', [{ pointer: '/password', code: checked.error }]));
}

interface AccountAct {
  readonly byId: string | null;
  readonly act:
    | 'password.changed'
    | 'password.reset-begun'
    | 'password.reset'
    | 'sessions.ended'
    | 'sso.linked'
    | 'sso.unlinked';
  readonly personId: string;
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** What happened to an account stands in the trail, and its owner hears of it, whoever did it. @see rule SU32 */
async function recordAccount(trx: Database, site: AccountSite, account: AccountAct): Promise<void> {
  const { byId, act, personId, facts = {} } = account;
  const at = site.clock.epochMs();
  await recordAudit(trx, { at, byId, act, subject: personId, facts });
  await tellPerson(trx, site, personId);
}

/**
 * Sets somebody's own new password; every other session ends, because whoever knew the old one may hold one.
 * @param keptHash session that goes on
 */
export async function changePassword(
  site: AccountSite,
  person: Person,
  password: string,
  keptHash: string,
): Promise<Result<null, Refusal>> {
  const judged = judgePassword(person, password);
  if (!judged.ok) return judged;
  const hash = await hashPassword(password);
  await inTransaction(site.db, async (trx) => {
    await savePasswordHash(trx, person.id, hash);
    await deleteResetsOf(trx, person.id);
    const ended = await deleteSessionsOf(trx, person.id, keptHash);
    await recordAccount(trx, site, {
      byId: person.id,
      act: 'password.changed',
      personId: person.id,
      facts: { ended },
    });
  });
  return ok(null);
}

/**
 * Makes a one-time word with which somebody chooses a new password. The old one ends with all sessions now: a
 * reset is asked for because nobody knows it any more, or somebody else does.
 */
export async function beginReset(
  site: AccountSite,
  byId: string,
  personId: string,
): Promise<Result<{ readonly token: string; readonly expiresAt: number }, Refusal>> {
  const token = newToken(site.random);
  const expiresAt = site.clock.epochMs() + RESET_LIFE_MS;
  return inTransaction(
    site.db,
    async (trx): Promise<Result<{ token: string; expiresAt: number }, Refusal>> => {
      const person = await findPerson(trx, personId);
      if (person?.isActive !== true || person.username === null) return err(refusal('not-found'));
      await savePasswordHash(trx, personId, null);
      const ended = await deleteSessionsOf(trx, personId);
      await insertReset(trx, { tokenHash: tokenHash(token), personId, expiresAt });
      await recordAccount(trx, site, { byId, act: 'password.reset-begun', personId, facts: { ended } });
      return ok({ token, expiresAt });
    },
  );
}

/** Sets a new password by a one-time word, which counts once. */
export async function finishReset(
  site: AccountSite,
  token: string,
  password: string,
): Promise<Result<null, Refusal>> {
  const hashOfToken = tokenHash(token);
  const now = site.clock.epochMs();
  const personId = await findReset(site.db, hashOfToken, now);
  const person = personId === null ? null : await findPerson(site.db, personId);
  if (person?.isActive !== true) return err(refusal('reset-refused'));
  const judged = judgePassword(person, password);
  if (!judged.ok) return judged;
  // Before the transaction: slow on purpose.
  const hash = await hashPassword(password);
  return inTransaction(site.db, async (trx): Promise<Result<null, Refusal>> => {
    if ((await findReset(trx, hashOfToken, now)) !== person.id) return err(refusal('reset-refused'));
    await savePasswordHash(trx, person.id, hash);
    await deleteResetsOf(trx, person.id);
    await deleteSessionsOf(trx, person.id);
    await recordAccount(trx, site, { byId: person.id, act: 'password.reset', personId: person.id });
    return ok(null);
  });
}

/** Ends sessions of somebody: one by its name, or all but one that goes on. @returns how many */
export const endSessions = (
  site: AccountSite,
  byId: string,
  personId: string,
  which: { readonly id: string } | { readonly exceptHash: string | null },
): Promise<number> =>
  inTransaction(site.db, async (trx) => {
    const ended =
      'id' in which
        ? Number(await deleteSessionById(trx, personId, which.id))
        : await deleteSessionsOf(trx, personId, which.exceptHash);
    if (ended > 0) {
      await recordAccount(trx, site, { byId, act: 'sessions.ended', personId, facts: { ended } });
    }
    return ended;
  });

/** Links an account of another issuer to a person, who confirmed it signed in, or by an administrator. */
export const linkSso = (
  site: AccountSite,
  byId: string,
  link: { readonly personId: string; readonly issuer: string; readonly subject: string },
): Promise<Result<null, Refusal>> =>
  inTransaction(site.db, async (trx): Promise<Result<null, Refusal>> => {
    if ((await findPerson(trx, link.personId)) === null) return err(refusal('not-found'));
    if (!(await insertSsoLink(trx, { ...link, at: site.clock.epochMs(), byId }))) {
      return err(refusal('name-taken', [{ pointer: '/subject', code: 'taken' }]));
    }
    await recordAccount(trx, site, {
      byId,
      act: 'sso.linked',
      personId: link.personId,
      facts: { issuer: link.issuer },
    });
    return ok(null);
  });

/** Ends a link to an account of another issuer, with the sessions that may have come of it. */
export const unlinkSso = (
  site: AccountSite,
  byId: string,
  link: { readonly personId: string; readonly issuer: string; readonly subject: string },
  keptHash: string | null,
): Promise<Result<null, Refusal>> =>
  inTransaction(site.db, async (trx): Promise<Result<null, Refusal>> => {
    if (!(await deleteSsoLink(trx, link))) return err(refusal('not-found'));
    const ended = await deleteSessionsOf(trx, link.personId, keptHash);
    await recordAccount(trx, site, {
      byId,
      act: 'sso.unlinked',
      personId: link.personId,
      facts: { issuer: link.issuer, ended },
    });
    return ok(null);
  });
