import type { Person, RoleName } from '#contract/api';
import { err, ok, type Result } from '#contract/result';
import { hashPassword } from '../auth/passwords.ts';
import { newRowId } from '../auth/tokens.ts';
import { inTransaction } from '../store/database.ts';
import { findPerson, insertPerson } from '../store/people.ts';
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
