import { ROLE_NAMES, type RoleName } from '#contract/api';
import type { ReviewScope, RightsFacts } from '#contract/api-review';
import { mayDo } from '../domain/permissions.ts';
import { rightsFlags, unusedSince, UNUSED_AFTER_MS } from '../domain/rights-flags.ts';
import type { Database } from './database.ts';

/** Somebody who has rights, with what a reviewer looks at. */
export interface RightsRow {
  readonly personId: string;
  readonly personName: string;
  readonly facts: RightsFacts;
}

const instant = (at: number): string => new Date(at).toISOString();

function grouped<T>(rows: readonly T[], keyOf: (row: T) => string | null): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const key = keyOf(row);
    if (key !== null) groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return groups;
}

const newest = (times: readonly (number | null)[]): number | null => {
  const known = times.filter((at) => at !== null);
  return known.length === 0 ? null : Math.max(...known);
};

/**
 * Lists active people who have a card that counts, a role, or a permit that is not over, within a scope, by name.
 * @param usedFrom start of the period in which uses are counted
 */
export async function listRights(
  db: Database,
  scope: ReviewScope,
  time: { readonly now: number; readonly usedFrom: number },
): Promise<readonly RightsRow[]> {
  const { now } = time;
  const people = await db
    .selectFrom('people')
    .leftJoin('person_profiles', 'person_profiles.person_id', 'people.id')
    .select(['people.id', 'people.name', 'people.organisation', 'people.created_at'])
    .select(['kind', 'unit', 'position', 'basis_kind', 'basis_number', 'rights_end_at'])
    .where('people.is_active', '=', 1)
    .orderBy('people.name')
    .orderBy('people.id')
    .execute();
  const roles = grouped(await db.selectFrom('person_roles').selectAll().execute(), (row) => row.person_id);
  const cards = grouped(
    await db
      .selectFrom('credentials')
      .select(['person_id', 'last_four', 'enrolled_at', 'expires_at'])
      .where('kind', '=', 'card')
      .where('state', '=', 'active')
      .orderBy('enrolled_at')
      .orderBy('id')
      .execute(),
    (row) => (row.expires_at === null || row.expires_at > now ? row.person_id : null),
  );
  const permits = grouped(
    await db
      .selectFrom('permits')
      .select(['sub', 'doors'])
      .where('revoked_at', 'is', null)
      .where('valid_until', '>', now)
      .execute(),
    (row) => row.sub,
  );
  const visits = grouped(
    await db.selectFrom('visits').select(['person_id', 'door_id', 'entered_at']).execute(),
    (row) => (row.entered_at === null ? null : row.person_id),
  );
  const acks = grouped(
    await db
      .selectFrom('sop_acknowledgements')
      .select(['person_id', 'sop_hash', 'version'])
      .orderBy('at')
      .execute(),
    (row) => row.person_id,
  );
  const required = (await db.selectFrom('required_sops').select('sop_hash').execute()).map(
    (row) => row.sop_hash,
  );
  const moves = grouped(
    await db
      .selectFrom('revocations')
      .select(['person_id', 'done_at'])
      .where('cause', '=', 'moved')
      .execute(),
    (row) => row.person_id,
  );
  const reviews = grouped(
    await db
      .selectFrom('review_items')
      .select(['person_id', 'decided_at'])
      .where('decided_by', 'is not', null)
      .execute(),
    (row) => row.person_id,
  );
  return people.flatMap((person): readonly RightsRow[] => {
    const ownCards = cards.get(person.id) ?? [];
    const ownRoles = (roles.get(person.id) ?? []).map(({ role }) => role);
    const ownPermits = permits.get(person.id) ?? [];
    const ownVisits = visits.get(person.id) ?? [];
    if (ownCards.length + ownRoles.length + ownPermits.length === 0) return [];
    if (scope.roles !== undefined && !ownRoles.some((role) => scope.roles?.includes(role))) return [];
    if (scope.kinds !== undefined && !scope.kinds.includes(person.kind ?? 'staff')) return [];
    if (scope.unit !== undefined && person.unit !== scope.unit) return [];
    const { doorId } = scope;
    if (
      doorId !== undefined &&
      !ownPermits.some(({ doors }) => (JSON.parse(doors) as string[]).includes(doorId)) &&
      !ownVisits.some((visit) => visit.door_id === doorId)
    ) {
      return [];
    }
    const lastUsedAt = newest(ownVisits.map((visit) => visit.entered_at));
    const grantedAt = newest(ownCards.map((card) => card.enrolled_at)) ?? person.created_at;
    const ownAcks = acks.get(person.id) ?? [];
    const flags = rightsFlags({
      now,
      hasCard: ownCards.length > 0,
      cardCount: ownCards.length,
      mayDecide: mayDo(ownRoles, 'requests.decide'),
      grantedAt,
      lastUsedAt,
      rightsEndAt: person.rights_end_at,
      movedAt: newest((moves.get(person.id) ?? []).map((move) => move.done_at)),
      lacksSop: required.some((hash) => !ownAcks.some((ack) => ack.sop_hash === hash)),
      reviewedAt: newest((reviews.get(person.id) ?? []).map((review) => review.decided_at)),
    });
    const basis =
      person.basis_kind === null || person.basis_number === null
        ? null
        : `${person.basis_kind} ${person.basis_number}`;
    return [
      {
        personId: person.id,
        personName: person.name,
        facts: {
          organisation: person.organisation,
          kind: person.kind,
          unit: person.unit,
          position: person.position,
          roles: ROLE_NAMES.filter((role: RoleName) => ownRoles.includes(role)),
          cards: ownCards.map((card) => card.last_four),
          livePermits: ownPermits.length,
          basis,
          grantedAt: instant(grantedAt),
          rightsEndAt: person.rights_end_at === null ? null : instant(person.rights_end_at),
          lastUsedAt: lastUsedAt === null ? null : instant(lastUsedAt),
          usesInPeriod: ownVisits.filter((visit) => (visit.entered_at ?? 0) >= time.usedFrom).length,
          acknowledgedSops: ownAcks.map((ack) => ack.version),
          flags: [...flags],
        },
      },
    ];
  });
}

/** Lists people with a card that nobody used for 90 days, the longest first. @see rule SD86 */
export async function listUnusedRights(db: Database, now: number) {
  const rows = await listRights(db, {}, { now, usedFrom: now - UNUSED_AFTER_MS });
  return rows
    .filter(({ facts }) => facts.flags.includes('unused-90-days'))
    .map(({ personId, personName, facts }) => {
      const since = unusedSince({
        grantedAt: Date.parse(facts.grantedAt),
        lastUsedAt: facts.lastUsedAt === null ? null : Date.parse(facts.lastUsedAt),
      });
      return {
        personId,
        personName,
        organisation: facts.organisation,
        lastUsedAt: facts.lastUsedAt,
        unusedDays: Math.floor((now - since) / 86_400_000),
      };
    })
    .sort((a, b) => b.unusedDays - a.unusedDays || (a.personId < b.personId ? -1 : 1));
}
