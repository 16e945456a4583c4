import { sql } from 'kysely';
import type { Person, RoleName } from '#contract/api';
import type { Database } from './database.ts';
import type { PeopleTable } from './tables.ts';

/** A new person; the id is `s_...`, which is also the handle in permits and records. */
export interface NewPerson {
  readonly id: string;
  readonly name: string;
  readonly organisation: string;
  readonly username: string | null;
  readonly passwordHash: string | null;
  readonly roles: readonly RoleName[];
  readonly createdAt: number;
}

/** Stores a person. @returns false where the username is taken */
export async function insertPerson(db: Database, person: NewPerson): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('people')
    .values({
      id: person.id,
      name: person.name,
      organisation: person.organisation,
      username: person.username,
      password_hash: person.passwordHash,
      is_active: 1,
      created_at: person.createdAt,
    })
    .onConflict((c) => c.column('username').doNothing())
    .executeTakeFirstOrThrow();
  if (numInsertedOrUpdatedRows === 0n) return false;
  const roles = [...new Set(person.roles)];
  if (roles.length > 0) {
    await db
      .insertInto('person_roles')
      .values(roles.map((role) => ({ person_id: person.id, role })))
      .execute();
  }
  return true;
}

async function rolesOf(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, RoleName[]>> {
  const rows =
    ids.length === 0
      ? []
      : await db
          .selectFrom('person_roles')
          .selectAll()
          .where('person_id', 'in', ids)
          .orderBy('role')
          .execute();
  const roles = new Map<string, RoleName[]>();
  for (const row of rows) roles.set(row.person_id, [...(roles.get(row.person_id) ?? []), row.role]);
  return roles;
}

const toPerson = (row: PeopleTable, roles: readonly RoleName[] = []): Person => ({
  id: row.id,
  name: row.name,
  username: row.username,
  organisation: row.organisation,
  roles: [...roles],
  isActive: row.is_active === 1,
});

/** Finds a person by id. */
export async function findPerson(db: Database, id: string): Promise<Person | null> {
  const row = await db.selectFrom('people').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? null : toPerson(row, (await rolesOf(db, [id])).get(id));
}

/** What is needed to check a password. */
export interface SignInFacts {
  readonly id: string;
  readonly passwordHash: string;
}

/** Finds an active person who can sign in under this name. */
export async function findSignIn(db: Database, username: string): Promise<SignInFacts | null> {
  const row = await db
    .selectFrom('people')
    .select(['id', 'password_hash'])
    .where('username', '=', username)
    .where('is_active', '=', 1)
    .executeTakeFirst();
  const hash = row?.password_hash ?? null;
  return row === undefined || hash === null ? null : { id: row.id, passwordHash: hash };
}

/** Where a list of people goes on: after this name and id. */
export interface PeopleCursor {
  readonly name: string;
  readonly id: string;
}

/** Lists people by name; with `q` those whose name, organisation or user name has it, in small letters or large. */
export async function listPeople(
  db: Database,
  page: { readonly after: PeopleCursor | null; readonly limit: number; readonly q?: string | undefined },
): Promise<readonly Person[]> {
  const { after, q: text } = page;
  const like = `%${(text ?? '').toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;
  const rows = await db
    .selectFrom('people')
    .selectAll()
    .$if(text !== undefined, (q) =>
      q.where((e) =>
        e.or([
          sql<boolean>`lower(people.name) like ${like} escape '\\'`,
          sql<boolean>`lower(people.organisation) like ${like} escape '\\'`,
          sql<boolean>`lower(people.username) like ${like} escape '\\'`,
        ]),
      ),
    )
    .$if(after !== null, (q) =>
      q.where((e) =>
        e.or([
          e('name', '>', after?.name ?? ''),
          e.and([e('name', '=', after?.name ?? ''), e('id', '>', after?.id ?? '')]),
        ]),
      ),
    )
    .orderBy('name')
    .orderBy('id')
    .limit(page.limit)
    .execute();
  const roles = await rolesOf(
    db,
    rows.map((row) => row.id),
  );
  return rows.map((row) => toPerson(row, roles.get(row.id)));
}

/** Counts everybody. */
export async function countPeople(db: Database): Promise<number> {
  const { count } = await db
    .selectFrom('people')
    .select((e) => e.fn.countAll().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Ends or restores somebody's rights; sessions end with them. @returns false where there is no such person */
export async function setPersonActive(db: Database, id: string, isActive: boolean): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('people')
    .set({ is_active: isActive ? 1 : 0 })
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  if (!isActive) await db.deleteFrom('sessions').where('person_id', '=', id).execute();
  return numUpdatedRows === 1n;
}

/** Tells whether somebody else signs in under this name. */
export const isUsernameTaken = async (db: Database, username: string, personId: string): Promise<boolean> =>
  (await db
    .selectFrom('people')
    .select('id')
    .where('username', '=', username)
    .where('id', '<>', personId)
    .executeTakeFirst()) !== undefined;

/** Sets what somebody is called and where they work. */
export async function renamePerson(
  trx: Database,
  person: Pick<Person, 'id' | 'name' | 'organisation' | 'username'>,
): Promise<void> {
  const { id, name, organisation, username } = person;
  await trx.updateTable('people').set({ name, organisation, username }).where('id', '=', id).execute();
}
