import type { Person, RoleName as Role } from '#contract/api';
import type { Profile } from '#contract/api-people';
import type { Database } from './database.ts';
import { findPerson } from './people.ts';
import type { PersonProfilesTable } from './tables-procedure.ts';

const instant = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

const toProfile = (row: PersonProfilesTable): Profile => ({
  kind: row.kind,
  unit: row.unit,
  position: row.position,
  employeeNumber: row.employee_number,
  email: row.email,
  basis:
    row.basis_kind === null || row.basis_number === null
      ? null
      : { kind: row.basis_kind, number: row.basis_number },
  rightsEndAt: instant(row.rights_end_at),
  identity:
    row.identity_kind === null || row.identity_last_four === null
      ? null
      : { kind: row.identity_kind, lastFour: row.identity_last_four },
  leftAt: instant(row.left_at),
});

/** Loads the row of somebody's profile. */
export async function loadProfileRow(db: Database, personId: string): Promise<PersonProfilesTable | null> {
  const row = await db
    .selectFrom('person_profiles')
    .selectAll()
    .where('person_id', '=', personId)
    .executeTakeFirst();
  return row ?? null;
}

/** Finds what is known of somebody beside the name; null where nothing was entered. */
export async function findProfile(db: Database, personId: string): Promise<Profile | null> {
  const row = await loadProfileRow(db, personId);
  return row === null ? null : toProfile(row);
}

/**
 * Lists by name who may escort: of the staff, active, with a card in use.
 * @see rule SH102
 */
export async function listEscorts(
  db: Database,
): Promise<readonly { readonly id: string; readonly name: string }[]> {
  return db
    .selectFrom('people')
    .leftJoin('person_profiles', 'person_profiles.person_id', 'people.id')
    .select(['people.id', 'people.name'])
    .where('people.is_active', '=', 1)
    .where((e) =>
      e.or([
        e('person_profiles.kind', '=', 'staff'),
        e.and([e('person_profiles.kind', 'is', null), e('people.username', 'is not', null)]),
      ]),
    )
    .where((e) =>
      e.exists(
        e
          .selectFrom('credentials')
          .select('credentials.id')
          .whereRef('credentials.person_id', '=', 'people.id')
          .where('credentials.state', '=', 'active')
          .where('credentials.kind', '=', 'card'),
      ),
    )
    .orderBy('people.name')
    .orderBy('people.id')
    .execute();
}

/** Stores a profile, in the place of what was there. @returns false where the employee number is somebody else's */
export async function saveProfile(trx: Database, profile: PersonProfilesTable): Promise<boolean> {
  const { employee_number: number } = profile;
  const other =
    number === null
      ? undefined
      : await trx
          .selectFrom('person_profiles')
          .select('person_id')
          .where('employee_number', '=', number)
          .where('person_id', '<>', profile.person_id)
          .executeTakeFirst();
  if (other !== undefined) return false;
  const { person_id: _id, ...fields } = profile;
  await trx
    .insertInto('person_profiles')
    .values(profile)
    .onConflict((c) => c.column('person_id').doUpdateSet(fields))
    .execute();
  return true;
}

/** Finds whose employee number this is. */
export async function findByEmployeeNumber(
  db: Database,
  number: string,
): Promise<{
  readonly person: { readonly id: string; readonly name: string; readonly organisation: string };
  readonly username: string | null;
  readonly row: PersonProfilesTable;
} | null> {
  const row = await db
    .selectFrom('person_profiles')
    .innerJoin('people', 'people.id', 'person_profiles.person_id')
    .selectAll('person_profiles')
    .select(['people.name', 'people.organisation', 'people.username'])
    .where('employee_number', '=', number)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { name, organisation, username, ...profile } = row;
  return { person: { id: row.person_id, name, organisation }, username, row: profile };
}

/**
 * Tells when every right of somebody ends, ms since 1970: the end of the contract or of the assignment letter.
 * @returns null where nothing ends them
 * @see rule SD70
 */
export async function rightsEndOf(db: Database, personId: string): Promise<number | null> {
  const row = await db
    .selectFrom('person_profiles')
    .select('rights_end_at')
    .where('person_id', '=', personId)
    .executeTakeFirst();
  return row?.rights_end_at ?? null;
}

/** Finds somebody who is active and whose rights have not ended: whoever may sign in, by whatever way. */
export async function findPersonWithRights(
  db: Database,
  personId: string,
  now: number,
): Promise<Person | null> {
  const person = await findPerson(db, personId);
  if (person?.isActive !== true) return null;
  const end = await rightsEndOf(db, personId);
  return end === null || end > now ? person : null;
}

/** Lists active people whose rights are over and for whom no revocation says so yet. */
export async function peopleWhoseRightsEnded(
  db: Database,
  now: number,
): Promise<readonly { readonly id: string; readonly endedAt: number }[]> {
  const rows = await db
    .selectFrom('person_profiles')
    .innerJoin('people', 'people.id', 'person_profiles.person_id')
    .select(['people.id', 'rights_end_at'])
    .where('people.is_active', '=', 1)
    .where('rights_end_at', '<=', now)
    .where((e) =>
      e.not(
        e.exists(
          e
            .selectFrom('revocations')
            .select('revocations.id')
            .whereRef('revocations.person_id', '=', 'people.id')
            .where('revocations.cause', '=', 'contract-ended')
            .whereRef('revocations.effective_at', '=', 'person_profiles.rights_end_at'),
        ),
      ),
    )
    .orderBy('people.id')
    .execute();
  return rows.map((row) => ({ id: row.id, endedAt: row.rights_end_at ?? now }));
}

/** Puts these roles in the place of all that somebody had. @returns the roles that were there */
export async function replaceRoles(
  trx: Database,
  personId: string,
  roles: readonly Role[],
): Promise<readonly Role[]> {
  const before = await trx
    .selectFrom('person_roles')
    .select('role')
    .where('person_id', '=', personId)
    .orderBy('role')
    .execute();
  await trx.deleteFrom('person_roles').where('person_id', '=', personId).execute();
  const wanted = [...new Set(roles)];
  if (wanted.length > 0) {
    await trx
      .insertInto('person_roles')
      .values(wanted.map((role) => ({ person_id: personId, role })))
      .execute();
  }
  return before.map(({ role }) => role);
}
