import type { PersonDetail, ProfileInput } from '#contract/api-people';
import type { Person, RoleName } from '#contract/api';
import { err, ok, type Result } from '#contract/result';
import { recordAudit } from '../store/audit-trail.ts';
import { inTransaction, type Database } from '../store/database.ts';
import { findPerson, setPersonActive } from '../store/people.ts';
import { findProfile, loadProfileRow, replaceRoles, saveProfile } from '../store/profiles.ts';
import type { PersonProfilesTable } from '../store/tables-procedure.ts';
import { renewPolicy } from './renew-policy.ts';
import { refusal, type Refusal, type Site } from './site.ts';

/** What profiles are made with. */
export type ProfilePorts = Pick<Site, 'pii'>;

/** A profile of which nothing is known. */
export const emptyProfile = (personId: string): PersonProfilesTable => ({
  person_id: personId,
  kind: 'staff',
  unit: null,
  position: null,
  employee_number: null,
  email: null,
  basis_kind: null,
  basis_number: null,
  rights_end_at: null,
  identity_kind: null,
  identity_sealed: null,
  identity_last_four: null,
  left_at: null,
});

/** Puts what was entered in the place of what was there; the identity number is sealed. */
export function profileRow(
  ports: ProfilePorts,
  before: PersonProfilesTable,
  input: ProfileInput,
): PersonProfilesTable {
  const { identity } = input;
  const identityOf = () => {
    if (identity === undefined) {
      const { identity_kind, identity_sealed, identity_last_four } = before;
      return { identity_kind, identity_sealed, identity_last_four };
    }
    if (identity === null) return { identity_kind: null, identity_sealed: null, identity_last_four: null };
    return {
      identity_kind: identity.kind,
      identity_sealed: ports.pii.seal(`identity/${before.person_id}`, identity.number),
      identity_last_four: identity.number.slice(-4),
    };
  };
  return {
    person_id: before.person_id,
    left_at: before.left_at,
    kind: input.kind,
    unit: input.unit?.normalize('NFC') ?? null,
    position: input.position?.normalize('NFC') ?? null,
    employee_number: input.employeeNumber,
    email: input.email,
    basis_kind: input.basis?.kind ?? null,
    basis_number: input.basis?.number ?? null,
    rights_end_at: input.rightsEndAt === null ? null : Date.parse(input.rightsEndAt),
    ...identityOf(),
  };
}

/** Vendors and guests are here for something that ends: without its end they have no rights. */
export const lacksEnd = ({ kind, rightsEndAt, basis }: ProfileInput): boolean =>
  kind !== 'staff' && (rightsEndAt === null || basis === null);

async function detailOf(db: Database, person: Person): Promise<PersonDetail> {
  return { ...person, profile: await findProfile(db, person.id) };
}

/** Finds a person with what is known of them. */
export async function findPersonDetail(db: Database, id: string): Promise<PersonDetail | null> {
  const person = await findPerson(db, id);
  return person === null ? null : detailOf(db, person);
}

/** Sets what is known of somebody; a new end of their rights reaches the doors at once. */
export async function setProfile(
  site: Site,
  byId: string,
  personId: string,
  input: ProfileInput,
): Promise<Result<PersonDetail, Refusal>> {
  if (lacksEnd(input)) {
    return err(refusal('invalid-input', [{ pointer: '/rightsEndAt', code: 'needed-for-kind' }]));
  }
  const now = site.clock.epochMs();
  const outcome = await inTransaction(
    site.db,
    async (trx): Promise<Result<{ detail: PersonDetail; version: number }, Refusal>> => {
      const person = await findPerson(trx, personId);
      if (person === null) return err(refusal('not-found'));
      const before = (await loadProfileRow(trx, personId)) ?? emptyProfile(personId);
      const after = profileRow(site, before, input);
      if (!(await saveProfile(trx, after))) {
        return err(refusal('name-taken', [{ pointer: '/employeeNumber', code: 'taken' }]));
      }
      await recordAudit(trx, {
        at: now,
        byId,
        act: 'profile.changed',
        subject: personId,
        // Which parts changed and the end of rights; what they say of the person stands in the profile alone.
        facts: {
          changed: (Object.keys(after) as (keyof PersonProfilesTable)[]).filter(
            (key) => after[key] !== before[key],
          ),
          before: { rightsEndAt: before.rights_end_at },
          after: { rightsEndAt: after.rights_end_at },
        },
      });
      const { version } = await renewPolicy(trx, site, now);
      return ok({ detail: await detailOf(trx, person), version });
    },
  );
  if (!outcome.ok) return outcome;
  site.policyChanges.publish(outcome.value.version);
  return ok(outcome.value.detail);
}

/** Sets the roles of somebody else. Nobody changes their own. @see rule SD75 */
export async function setRoles(
  site: Site,
  byId: string,
  personId: string,
  roles: readonly RoleName[],
): Promise<Result<PersonDetail, Refusal>> {
  if (byId === personId) return err(refusal('own-rights'));
  return inTransaction(site.db, async (trx): Promise<Result<PersonDetail, Refusal>> => {
    const person = await findPerson(trx, personId);
    if (person === null) return err(refusal('not-found'));
    const before = await replaceRoles(trx, personId, roles);
    await recordAudit(trx, {
      at: site.clock.epochMs(),
      byId,
      act: 'roles.changed',
      subject: personId,
      facts: { before, after: roles },
    });
    const changed = await findPersonDetail(trx, personId);
    return changed === null ? err(refusal('not-found')) : ok(changed);
  });
}

/** Lets somebody act again who was suspended or came back; what was revoked meanwhile stays revoked. */
export async function restorePerson(
  site: Site,
  byId: string,
  personId: string,
  reason: string,
): Promise<Result<PersonDetail, Refusal>> {
  if (byId === personId) return err(refusal('own-rights'));
  const now = site.clock.epochMs();
  const version = await inTransaction(site.db, async (trx) => {
    if (!(await setPersonActive(trx, personId, true))) return null;
    const profile = await loadProfileRow(trx, personId);
    if (profile !== null) await saveProfile(trx, { ...profile, left_at: null });
    await recordAudit(trx, { at: now, byId, act: 'person.restored', subject: personId, facts: { reason } });
    return (await renewPolicy(trx, site, now)).version;
  });
  const person = version === null ? null : await findPersonDetail(site.db, personId);
  if (version === null || person === null) return err(refusal('not-found'));
  site.policyChanges.publish(version);
  return ok(person);
}
