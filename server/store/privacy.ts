import type {
  Annotation,
  Destruction,
  PiiView,
  PrivacyMarks,
  PrivacyRequest,
  PrivacyRequestState,
  Reading,
  RetentionClass,
} from '#contract/api-privacy';
import type { ErasureBasis } from '#contract/erasure';
import type { Database } from './database.ts';
import { emptyRequests } from './erase.ts';
import type { DestructionsTable, PrivacyMarksTable, PrivacyRequestsTable } from './tables-privacy.ts';

const instant = (at: number): string => new Date(at).toISOString();
const instantOrNull = (at: number | null): string | null => (at === null ? null : instant(at));

// Marks

const UNMARKED = {
  restricted_at: null,
  sealed_person: null,
  held_at: null,
  hold_reason: null,
  erased_at: null,
  erased_basis: null,
} as const;

/** Loads what is marked of a person. */
export async function loadMarks(db: Database, personId: string): Promise<PrivacyMarksTable> {
  const row = await db
    .selectFrom('privacy_marks')
    .selectAll()
    .where('person_id', '=', personId)
    .executeTakeFirst();
  return row ?? { person_id: personId, ...UNMARKED };
}

/** Marks a person. */
export async function saveMarks(
  trx: Database,
  personId: string,
  changes: Partial<Omit<PrivacyMarksTable, 'person_id'>>,
): Promise<void> {
  await trx
    .insertInto('privacy_marks')
    .values({ person_id: personId, ...UNMARKED, ...changes })
    .onConflict((c) => c.column('person_id').doUpdateSet(changes))
    .execute();
}

/** Shows what is marked of a person. */
export const marksOf = (row: PrivacyMarksTable): PrivacyMarks => ({
  personId: row.person_id,
  restrictedAt: instantOrNull(row.restricted_at),
  heldAt: instantOrNull(row.held_at),
  holdReason: row.hold_reason,
  erasedAt: instantOrNull(row.erased_at),
});

/** Lists erased people of whom an opening came in afterwards, from a gateway that had been cut off. */
export async function erasedWithOpenings(
  db: Database,
): Promise<readonly { readonly personId: string; readonly basis: ErasureBasis }[]> {
  const rows = await db
    .selectFrom('privacy_marks')
    .select(['person_id', 'erased_basis'])
    .where('erased_at', 'is not', null)
    .where('erased_basis', '<>', 'retention-over')
    .where('held_at', 'is', null)
    .where((e) =>
      e.exists(
        e
          .selectFrom('opening_keys')
          .select('opening_keys.id')
          .whereRef('opening_keys.subject_id', '=', 'privacy_marks.person_id'),
      ),
    )
    .orderBy('person_id')
    .execute();
  return rows.map((row) => ({ personId: row.person_id, basis: row.erased_basis as ErasureBasis }));
}

/** Lists who was erased on a decision; the end of retention comes again by itself. */
export async function listErased(
  db: Database,
): Promise<readonly { readonly personId: string; readonly basis: ErasureBasis; readonly at: number }[]> {
  const rows = await db
    .selectFrom('privacy_marks')
    .select(['person_id', 'erased_basis', 'erased_at'])
    .where('erased_at', 'is not', null)
    .where('erased_basis', '<>', 'retention-over')
    .execute();
  return rows.map((row) => ({
    personId: row.person_id,
    basis: row.erased_basis as ErasureBasis,
    at: row.erased_at ?? 0,
  }));
}

// Requests of data subjects

/** Stores a data subject's request. */
export async function insertPrivacyRequest(trx: Database, row: PrivacyRequestsTable): Promise<void> {
  await trx.insertInto('privacy_requests').values(row).execute();
}

/** Loads the row of a data subject's request. */
export async function loadPrivacyRequest(db: Database, id: string): Promise<PrivacyRequestsTable | null> {
  const row = await db.selectFrom('privacy_requests').selectAll().where('id', '=', id).executeTakeFirst();
  return row ?? null;
}

/** Moves a data subject's request on. @returns false where somebody else moved it meanwhile */
export async function movePrivacyRequest(
  trx: Database,
  id: string,
  from: PrivacyRequestState,
  changes: Partial<PrivacyRequestsTable>,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('privacy_requests')
    .set(changes)
    .where('id', '=', id)
    .where('state', '=', from)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

const isOpen = (state: PrivacyRequestState): boolean => state === 'filed' || state === 'approved';

/** Lists requests of data subjects, newest first. @param filter `personId` for one person's own */
export async function listPrivacyRequests(
  db: Database,
  filter: {
    readonly personId?: string;
    readonly id?: string;
    /** Beside those of the person, all that ask for this. */
    readonly orKind?: PrivacyRequest['kind'];
  },
  now: number,
  page: { readonly after: { readonly at: number; readonly id: string } | null; readonly limit: number },
): Promise<readonly PrivacyRequest[]> {
  const { after } = page;
  const rows = await db
    .selectFrom('privacy_requests as p')
    .innerJoin('people', 'people.id', 'p.person_id')
    .selectAll('p')
    .select('people.name')
    .$if(filter.personId !== undefined, (q) =>
      q.where((e) =>
        e.or([
          e('p.person_id', '=', filter.personId ?? ''),
          ...(filter.orKind === undefined ? [] : [e('p.kind', '=', filter.orKind)]),
        ]),
      ),
    )
    .$if(filter.id !== undefined, (q) => q.where('p.id', '=', filter.id ?? ''))
    .$if(after !== null, (q) =>
      q.where((e) =>
        e.or([
          e('p.filed_at', '<', after?.at ?? 0),
          e.and([e('p.filed_at', '=', after?.at ?? 0), e('p.id', '<', after?.id ?? '')]),
        ]),
      ),
    )
    .orderBy('p.filed_at', 'desc')
    .orderBy('p.id', 'desc')
    .limit(page.limit)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    state: row.state,
    personId: row.person_id,
    personName: row.name,
    details: row.details,
    subjectRef: row.subject_ref,
    filedAt: instant(row.filed_at),
    isFiledByOther: row.filed_by !== row.person_id,
    dueAt: instant(row.due_at),
    isOverdue: isOpen(row.state) && now > row.due_at,
    approvedAt: instantOrNull(row.approved_at),
    closedAt: instantOrNull(row.closed_at),
    basis: row.basis as ErasureBasis | null,
    outcome: row.outcome,
  }));
}

// Corrections by addition

/** Stores words that stand beside an original from then on. */
export async function insertAnnotation(
  trx: Database,
  row: {
    readonly id: string;
    readonly subject_ref: string;
    readonly person_id: string;
    readonly text: string;
    readonly at: number;
    readonly by_id: string;
    readonly request_id: string;
  },
): Promise<void> {
  await trx.insertInto('annotations').values(row).execute();
}

/** Lists what was added beside something, or about somebody. */
export async function listAnnotations(
  db: Database,
  of: { readonly subjectRef: string } | { readonly personId: string },
): Promise<readonly (Annotation & { readonly personId: string })[]> {
  const rows = await db
    .selectFrom('annotations')
    .selectAll()
    .$if('subjectRef' in of, (q) => q.where('subject_ref', '=', 'subjectRef' in of ? of.subjectRef : ''))
    .$if('personId' in of, (q) => q.where('person_id', '=', 'personId' in of ? of.personId : ''))
    .orderBy('at')
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    subjectRef: row.subject_ref,
    text: row.text,
    at: instant(row.at),
    personId: row.person_id,
  }));
}

// Retention

/** Lists how long each class of data is kept. */
export async function listRetention(db: Database): Promise<readonly RetentionClass[]> {
  const rows = await db.selectFrom('retention_classes').selectAll().orderBy('name').execute();
  return rows.map((row) => ({ name: row.name, keepDays: row.keep_days, scheduleCode: row.schedule_code }));
}

/** Says how long a class of data is kept. */
export async function saveRetention(trx: Database, of: RetentionClass): Promise<void> {
  await trx
    .updateTable('retention_classes')
    .set({ keep_days: of.keepDays, schedule_code: of.scheduleCode })
    .where('name', '=', of.name)
    .execute();
}

/** Stores that data was destroyed. */
export async function insertDestruction(trx: Database, row: DestructionsTable): Promise<void> {
  await trx.insertInto('destructions').values(row).execute();
}

/** Lists what was destroyed, newest first. */
export async function listDestructions(
  db: Database,
  filter: { readonly id?: string } = {},
): Promise<readonly Destruction[]> {
  const rows = await db
    .selectFrom('destructions')
    .selectAll()
    .$if(filter.id !== undefined, (q) => q.where('id', '=', filter.id ?? ''))
    .orderBy('at', 'desc')
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    at: instant(row.at),
    kind: row.kind,
    className: row.class_name,
    month: row.month,
    basis: row.basis as ErasureBasis,
    counts: JSON.parse(row.counts) as Record<string, number>,
    siteSeq: row.site_seq,
  }));
}

/** Empties the words of requests that came to nothing. @returns how many */
export async function emptyUnusedRequests(trx: Database, before: number): Promise<number> {
  const unused = await trx
    .selectFrom('requests')
    .leftJoin('permits', 'permits.request_id', 'requests.id')
    .select('requests.id')
    .where('permits.id', 'is', null)
    .where('requests.valid_until', '<', before)
    .where('requests.description', '<>', '')
    .where('requests.requester_id', 'not in', (e) =>
      e.selectFrom('privacy_marks').select('person_id').where('held_at', 'is not', null),
    )
    .execute();
  await emptyRequests(
    trx,
    unused.map(({ id }) => id),
  );
  return unused.length;
}

/** Deletes old lines of who looked at whom. @returns how many */
export async function deleteOldViews(trx: Database, before: number): Promise<number> {
  const views = await trx.deleteFrom('pii_views').where('last_at', '<', before).executeTakeFirst();
  const readings = await trx.deleteFrom('reading_log').where('at', '<', before).executeTakeFirst();
  return Number(views.numDeletedRows) + Number(readings.numDeletedRows);
}

/** Deletes batches that were kept beside, which hold openings; the site log keeps their hash. @returns how many */
export async function deleteOldConflicts(trx: Database, before: number): Promise<number> {
  const { numDeletedRows } = await trx
    .deleteFrom('journal_conflicts')
    .where('at', '<', before)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

/** Lists visitors of whom nothing was heard since: their last visit, request or entry is older. */
export async function idleVisitors(db: Database, before: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('people')
    .innerJoin('person_profiles', 'person_profiles.person_id', 'people.id')
    .leftJoin('privacy_marks', 'privacy_marks.person_id', 'people.id')
    .select('people.id')
    .where('person_profiles.kind', '<>', 'staff')
    .where('people.created_at', '<', before)
    .where('privacy_marks.erased_at', 'is', null)
    .where('privacy_marks.held_at', 'is', null)
    .where((e) =>
      e.not(
        e.exists(
          e
            .selectFrom('requests')
            .select('requests.id')
            .whereRef('requests.requester_id', '=', 'people.id')
            .where('requests.valid_until', '>=', before),
        ),
      ),
    )
    .where((e) =>
      e.not(
        e.exists(
          e
            .selectFrom('visits')
            .select('visits.id')
            .whereRef('visits.person_id', '=', 'people.id')
            .where((v) => v.or([v('visits.began_at', '>=', before), v('visits.phase', '=', 'inside')])),
        ),
      ),
    )
    .orderBy('people.id')
    .execute();
  return rows.map(({ id }) => id);
}

// Who looked

/** Records that somebody was shown personal data of others: one line a day, viewer, person and kind of data. */
export async function recordPiiViews(
  db: Database,
  viewerId: string,
  personIds: Iterable<string>,
  what: string,
  now: number,
): Promise<void> {
  const day = instant(now).slice(0, 10);
  const others = [...new Set(personIds)].filter((id) => id !== viewerId).sort();
  for (let start = 0; start < others.length; start += 50) {
    await db
      .insertInto('pii_views')
      .values(
        others.slice(start, start + 50).map((personId) => ({
          viewer_id: viewerId,
          person_id: personId,
          what,
          day,
          first_at: now,
          last_at: now,
          times: 1,
        })),
      )
      .onConflict((c) =>
        c
          .columns(['person_id', 'viewer_id', 'what', 'day'])
          .doUpdateSet((e) => ({ last_at: now, times: e('pii_views.times', '+', 1) })),
      )
      .execute();
  }
}

/** Lists who looked at whom, newest first. */
export async function listPiiViews(
  db: Database,
  filter: { readonly personId?: string | undefined; readonly viewerId?: string | undefined },
  limit: number,
): Promise<readonly PiiView[]> {
  const rows = await db
    .selectFrom('pii_views as v')
    .innerJoin('people as viewer', 'viewer.id', 'v.viewer_id')
    .innerJoin('people as person', 'person.id', 'v.person_id')
    .selectAll('v')
    .select(['viewer.name as viewer_name', 'person.name as person_name'])
    .$if(filter.personId !== undefined, (q) => q.where('v.person_id', '=', filter.personId ?? ''))
    .$if(filter.viewerId !== undefined, (q) => q.where('v.viewer_id', '=', filter.viewerId ?? ''))
    .orderBy('v.last_at', 'desc')
    .orderBy('v.viewer_id')
    .orderBy('v.person_id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    viewerId: row.viewer_id,
    viewerName: row.viewer_name,
    personId: row.person_id,
    personName: row.person_name,
    what: row.what,
    day: row.day,
    firstAt: instant(row.first_at),
    lastAt: instant(row.last_at),
    times: row.times,
  }));
}

/** Records that an auditor read. */
export async function recordReading(
  db: Database,
  reading: {
    readonly at: number;
    readonly byId: string;
    readonly what: string;
    readonly terms: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const { last } = await trx
      .selectFrom('reading_log')
      .select((e) => e.fn.max('position').as('last'))
      .executeTakeFirstOrThrow();
    await trx
      .insertInto('reading_log')
      .values({
        position: (last ?? 0) + 1,
        at: reading.at,
        by_id: reading.byId,
        what: reading.what,
        terms: JSON.stringify(reading.terms),
      })
      .execute();
  });
}

/** Lists what auditors read, newest first. */
export async function listReadings(
  db: Database,
  page: { readonly after: number | null; readonly limit: number },
): Promise<readonly Reading[]> {
  const rows = await db
    .selectFrom('reading_log as r')
    .innerJoin('people', 'people.id', 'r.by_id')
    .selectAll('r')
    .select('people.name')
    .$if(page.after !== null, (q) => q.where('r.position', '<', page.after ?? 0))
    .orderBy('r.position', 'desc')
    .limit(page.limit)
    .execute();
  return rows.map((row) => ({
    id: row.position,
    at: instant(row.at),
    byId: row.by_id,
    byName: row.name,
    what: row.what,
    terms: JSON.parse(row.terms) as Record<string, unknown>,
  }));
}
