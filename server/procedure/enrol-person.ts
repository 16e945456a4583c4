import type { Credential, Person, RoleName } from '#contract/api';
import { credentialHandle } from '#contract/commitment';
import { err, ok, type Result } from '#contract/result';
import { hashPassword } from '../auth/passwords.ts';
import { newRowId } from '../auth/tokens.ts';
import { checkEnrolment } from '../domain/card-enrolment.ts';
import { hmacSha256 } from '../signing/node-crypto.ts';
import { findCredential, insertCredential, setCredentialState } from '../store/credentials.ts';
import { inTransaction } from '../store/database.ts';
import { findPerson, insertPerson } from '../store/people.ts';
import { renewPolicy } from './renew-policy.ts';
import { refusal, type Refusal, type Site } from './site.ts';

/** A person as an administrator enters them. */
export interface PersonEntry {
  readonly name: string;
  readonly organisation: string;
  readonly username: string | null;
  readonly password: string | null;
  readonly roles: readonly RoleName[];
}

/** Enters a person. The id is also the handle that permits and records know them by. */
export async function enrolPerson(
  site: Pick<Site, 'db' | 'clock' | 'random'>,
  entry: PersonEntry,
): Promise<Result<Person, Refusal>> {
  const passwordHash = entry.password === null ? null : await hashPassword(entry.password);
  const id = newRowId(site.random, 's');
  return inTransaction(site.db, async (trx): Promise<Result<Person, Refusal>> => {
    const isNew = await insertPerson(trx, {
      id,
      name: entry.name.normalize('NFC'),
      organisation: entry.organisation.normalize('NFC'),
      username: entry.username,
      passwordHash,
      roles: entry.roles,
      createdAt: site.clock.epochMs(),
    });
    const person = isNew ? await findPerson(trx, id) : null;
    return person === null ? err(refusal('name-taken')) : ok(person);
  });
}

/** Gives a card to a person. Its number is forgotten here: what is kept is a keyed hash and four digits. */
export async function enrolCard(
  site: Site,
  entry: { readonly personId: string; readonly card: string },
): Promise<Result<Credential, Refusal>> {
  const card = checkEnrolment(entry.card);
  if (!card.ok) return err(refusal('card-not-usable', [{ pointer: '/card', code: card.error }]));
  const now = site.clock.epochMs();
  const id = newRowId(site.random, 'cr');
  const outcome = await inTransaction(
    site.db,
    async (trx): Promise<Result<{ credential: Credential; version: number }, Refusal>> => {
      const person = await findPerson(trx, entry.personId);
      if (person?.isActive !== true) {
        return err(refusal('invalid-input', [{ pointer: '/personId', code: 'unknown' }]));
      }
      const isNew = await insertCredential(trx, {
        id,
        personId: person.id,
        handle: credentialHandle(hmacSha256, site.pepper, entry.card),
        media: card.value.media,
        lastFour: entry.card.slice(-4),
        enrolledAt: now,
      });
      if (!isNew) return err(refusal('card-taken'));
      const { version } = await renewPolicy(trx, site, now);
      const credential = await findCredential(trx, id);
      return credential === null ? err(refusal('not-found')) : ok({ credential, version });
    },
  );
  if (!outcome.ok) return outcome;
  site.policyChanges.publish(outcome.value.version);
  return ok(outcome.value.credential);
}

/** Suspends a card, or restores it. */
export async function changeCardState(
  site: Site,
  id: string,
  state: 'active' | 'suspended',
): Promise<Result<Credential, Refusal>> {
  const now = site.clock.epochMs();
  const outcome = await inTransaction(site.db, async (trx) => {
    const isChanged = await setCredentialState(trx, id, state);
    const version = isChanged ? (await renewPolicy(trx, site, now)).version : null;
    return { credential: await findCredential(trx, id), version };
  });
  if (outcome.version !== null) site.policyChanges.publish(outcome.version);
  return outcome.credential === null ? err(refusal('not-found')) : ok(outcome.credential);
}
