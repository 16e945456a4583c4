import { encodeHex, utf8 } from '#contract/bytes';
import type { RoleName } from '#contract/api';
import type { EventType } from '#contract/event';
import { sha256 } from '../signing/node-crypto.ts';
import { restrictedPerson } from '../procedure/privacy-requests.ts';
import type { Site } from '../procedure/site.ts';
import { isSilent } from '../store/events.ts';
import { findPerson } from '../store/people.ts';
import { listAnnotations, listPrivacyRequests, listRetention } from '../store/privacy.ts';
import { findProfile } from '../store/profiles.ts';

/** Most rows of one kind: twenty years of two entries a working day. */
const MOST = 20_000;

const instant = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

/** Says by which role somebody took part: never who. Several roles become the one that may do most there. */
const ORDER: readonly RoleName[] = [
  'auditor',
  'privacy-officer',
  'supervisor',
  'officer',
  'administrator',
  'technician',
];

async function rolesByPerson(site: Site): Promise<ReadonlyMap<string, readonly RoleName[]>> {
  const rows = await site.db.selectFrom('person_roles').selectAll().execute();
  const roles = new Map<string, RoleName[]>();
  for (const { person_id: id, role } of rows) roles.set(id, [...(roles.get(id) ?? []), role]);
  return roles;
}

/**
 * Makes the copy of their own data that a data subject is given: profile, requests, visits, events, corrections and
 * who looked. Others appear as roles, and nothing in it tells of a duress alarm or of a duress PIN.
 * @returns content by path; null where there is no such person
 * @see rule SA60
 */
export async function buildSubjectCopy(
  site: Site,
  personId: string,
): Promise<ReadonlyMap<string, Uint8Array> | null> {
  const { db } = site;
  const person = await findPerson(db, personId);
  if (person === null) return null;
  const roles = await rolesByPerson(site);
  const who = (id: string | null): string => {
    if (id === null) return 'system';
    if (id === personId) return 'self';
    const has = roles.get(id) ?? [];
    return ORDER.find((role) => has.includes(role)) ?? 'staff';
  };
  const now = site.clock.epochMs();
  const restricted = await restrictedPerson(db, site, personId);
  const files = new Map<string, unknown>();
  const profile = await findProfile(db, personId);
  files.set('profile.json', {
    id: person.id,
    name: restricted?.name ?? person.name,
    organisation: restricted?.organisation ?? person.organisation,
    username: person.username,
    roles: person.roles,
    profile,
    cards: (
      await db
        .selectFrom('credentials')
        .select(['kind', 'media', 'last_four', 'state', 'enrolled_at'])
        .where('person_id', '=', personId)
        .orderBy('enrolled_at')
        .execute()
    ).map((row) => ({
      kind: row.kind,
      medium: row.media,
      lastFour: row.last_four,
      state: row.state,
      enrolledAt: instant(row.enrolled_at),
    })),
    acknowledgements: (
      await db
        .selectFrom('sop_acknowledgements')
        .select(['version', 'at'])
        .where('person_id', '=', personId)
        .orderBy('at')
        .execute()
    ).map((row) => ({ version: row.version, at: instant(row.at) })),
  });
  const steps = await db
    .selectFrom('request_steps')
    .innerJoin('requests', 'requests.id', 'request_steps.request_id')
    .selectAll('request_steps')
    .where('requests.requester_id', '=', personId)
    .orderBy('request_id')
    .orderBy('ordinal')
    .execute();
  const requests = await db
    .selectFrom('requests')
    .selectAll()
    .where('requester_id', '=', personId)
    .orderBy('created_at')
    .limit(MOST)
    .execute();
  files.set(
    'requests.json',
    requests.map((row) => ({
      number: row.number,
      state: row.state,
      purpose: row.purpose,
      description: row.description,
      doorId: row.door_id,
      validFrom: instant(row.valid_from),
      validUntil: instant(row.valid_until),
      // Words of others about a request may name others: that there are some is said, not what they say.
      steps: steps
        .filter((step) => step.request_id === row.id)
        .map((step) => ({ step: step.step, at: instant(step.at), by: who(step.by_id) })),
    })),
  );
  const visits = await db
    .selectFrom('visits')
    .selectAll()
    .where('person_id', '=', personId)
    .orderBy('began_at')
    .limit(MOST)
    .execute();
  files.set(
    'visits.json',
    visits.map((row) => ({
      doorId: row.door_id,
      beganAt: instant(row.began_at),
      enteredAt: instant(row.entered_at),
      leftAt: instant(row.left_at),
      certainty: row.certainty,
    })),
  );
  const attendances = await db
    .selectFrom('attendances')
    .selectAll()
    .where('person_id', '=', personId)
    .orderBy('began_at')
    .limit(MOST)
    .execute();
  files.set(
    'attendances.json',
    attendances.map((row) => ({
      doorId: row.door_id,
      state: row.state,
      checkedInAt: instant(row.checked_in_at),
      checkedInBy: row.checked_in_by === null ? null : who(row.checked_in_by),
      identityKind: row.identity_kind,
      identityLastFour: row.identity_last_four,
      badgeNumber: row.badge_number,
      escort: row.escort_id === null ? null : who(row.escort_id),
      enteredAt: instant(row.entered_at),
      leftAt: instant(row.left_at),
      closedAt: instant(row.closed_at),
    })),
  );
  const events = await db
    .selectFrom('journal_records as r')
    .innerJoin('openings', (join) =>
      join
        .onRef('openings.gateway_id', '=', 'r.gateway_id')
        .onRef('openings.epoch', '=', 'r.epoch')
        .onRef('openings.seq', '=', 'r.seq')
        .on('openings.field', '=', 'sub'),
    )
    .innerJoin('opening_keys', 'opening_keys.id', 'openings.key_id')
    .select(['r.at', 'r.type', 'r.door_id', 'r.direction', 'r.reason'])
    .where('opening_keys.subject_id', '=', personId)
    .orderBy('r.at')
    .orderBy('r.position')
    .limit(MOST)
    .execute();
  files.set(
    'events.json',
    events
      // Numbers of records are left out: a gap between two would tell that something was left out.
      .filter((row) => !isSilent(row.type as EventType))
      .map((row) => ({
        at: instant(row.at),
        type: row.type,
        doorId: row.door_id,
        direction: row.direction,
        reason: row.reason,
      })),
  );
  const views = await db
    .selectFrom('pii_views')
    .selectAll()
    .where('person_id', '=', personId)
    .orderBy('day')
    .orderBy('what')
    .limit(MOST)
    .execute();
  files.set(
    'who-looked.json',
    views.map((row) => ({ day: row.day, what: row.what, by: who(row.viewer_id), times: row.times })),
  );
  files.set('corrections.json', {
    requests: (await listPrivacyRequests(db, { personId }, now, { after: null, limit: MOST })).map(
      ({ personName: _name, ...request }) => request,
    ),
    annotations: (await listAnnotations(db, { personId })).map(({ personId: _id, ...each }) => each),
  });
  files.set('retention.json', await listRetention(db));
  const bytes = new Map(
    Array.from(files, ([path, value]) => [path, utf8(`${JSON.stringify(value, null, 2)}\n`)] as const),
  );
  const index = {
    format: 'palang-subject-copy/1',
    site: site.id,
    madeAt: instant(now),
    files: Object.fromEntries(Array.from(bytes, ([path, content]) => [path, encodeHex(sha256(content))])),
  };
  return new Map([['index.json', utf8(`${JSON.stringify(index, null, 2)}\n`)], ...bytes]);
}
