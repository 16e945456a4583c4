import { PRIVACY_ANSWER_MS, RESTRICTED_NAME, type PrivacyRequestKind } from '#contract/api-privacy';
import type { Person } from '#contract/api';
import type { ErasureBasis } from '#contract/erasure';
import { err, ok, type Result } from '#contract/result';
import { newRowId } from '../auth/tokens.ts';
import { mayDo } from '../domain/permissions.ts';
import { stepPrivacyRequest, type PrivacyStep } from '../domain/privacy-request-life.ts';
import { recordAudit } from '../store/audit-trail.ts';
import { inTransaction, type Database } from '../store/database.ts';
import { findPerson } from '../store/people.ts';
import {
  insertAnnotation,
  insertPrivacyRequest,
  loadMarks,
  loadPrivacyRequest,
  movePrivacyRequest,
  saveMarks,
} from '../store/privacy.ts';
import type { PrivacyRequestsTable } from '../store/tables-privacy.ts';
import { erasePerson } from './erase-person.ts';
import { refusal, type Refusal, type Site } from './site.ts';

/** The id of the request that a step was taken on. */
type Outcome = Result<string, Refusal>;

const refused = (...parts: Parameters<typeof refusal>): { readonly ok: false; readonly error: Refusal } =>
  err(refusal(...parts));

/** Files a request for oneself, or, by a privacy officer, for somebody who has no account. */
export async function filePrivacyRequest(
  site: Site,
  by: Person,
  wish: {
    readonly kind: PrivacyRequestKind;
    readonly personId: string | null;
    readonly details: string;
    readonly subjectRef: string | null;
  },
): Promise<Outcome> {
  const personId = wish.personId ?? by.id;
  if (personId !== by.id && !mayDo(by.roles, 'privacy.manage')) return refused('forbidden');
  if (wish.kind === 'correction' && wish.subjectRef === null) {
    return refused('invalid-input', [{ pointer: '/subjectRef', code: 'missing' }]);
  }
  if ((await findPerson(site.db, personId)) === null) {
    return refused('invalid-input', [{ pointer: '/personId', code: 'unknown' }]);
  }
  const now = site.clock.epochMs();
  const id = newRowId(site.random, 'pr');
  await inTransaction(site.db, async (trx) => {
    await insertPrivacyRequest(trx, {
      id,
      kind: wish.kind,
      state: 'filed',
      person_id: personId,
      filed_by: by.id,
      filed_at: now,
      due_at: now + PRIVACY_ANSWER_MS,
      details: wish.details.normalize('NFC'),
      subject_ref: wish.subjectRef,
      approved_by: null,
      approved_at: null,
      closed_by: null,
      closed_at: null,
      basis: null,
      outcome: null,
    });
    await note(trx, site, by.id, 'privacy-request.filed', id, { kind: wish.kind });
  });
  return ok(id);
}

const note = (
  trx: Database,
  site: Site,
  byId: string,
  act: string,
  subject: string,
  facts: Readonly<Record<string, unknown>>,
): Promise<void> => recordAudit(trx, { at: site.clock.epochMs(), byId, act, subject, facts });

const handsOf = (row: PrivacyRequestsTable) => ({
  kind: row.kind,
  state: row.state,
  personId: row.person_id,
  filedBy: row.filed_by,
  approvedBy: row.approved_by,
});

/** Takes a step inside a transaction. @returns the request as it was before */
async function takeStep(
  trx: Database,
  site: Site,
  by: Person,
  id: string,
  step: PrivacyStep,
  changes: Partial<PrivacyRequestsTable>,
): Promise<Result<PrivacyRequestsTable, Refusal>> {
  const row = await loadPrivacyRequest(trx, id);
  if (row === null) return refused('not-found');
  const next = stepPrivacyRequest(handsOf(row), step, by.id);
  if (!next.ok) return refused(next.error);
  if (!(await movePrivacyRequest(trx, id, row.state, { ...changes, state: next.value }))) {
    return refused('step-not-allowed');
  }
  await note(trx, site, by.id, `privacy-request.${next.value}`, id, { kind: row.kind });
  return ok(row);
}

/** Approves an erasure and names its basis. */
export async function approveErasure(
  site: Site,
  by: Person,
  id: string,
  basis: ErasureBasis,
): Promise<Outcome> {
  const now = site.clock.epochMs();
  const taken = await inTransaction(site.db, (trx) =>
    takeStep(trx, site, by, id, 'approve', { approved_by: by.id, approved_at: now, basis }),
  );
  return taken.ok ? ok(id) : taken;
}

/** Refuses a request, with the rule that the refusal rests on. */
export async function refusePrivacyRequest(
  site: Site,
  by: Person,
  id: string,
  reason: string,
): Promise<Outcome> {
  const now = site.clock.epochMs();
  const changes = { closed_by: by.id, closed_at: now, outcome: reason.normalize('NFC') };
  const taken = await inTransaction(site.db, (trx) => takeStep(trx, site, by, id, 'refuse', changes));
  return taken.ok ? ok(id) : taken;
}

/**
 * Carries a request out: an access by giving the copy, a correction by words beside the original, a restriction by
 * masking, an erasure by destroying.
 * @see rules SD25, SD26, SA60, SA61
 */
export async function carryOutPrivacyRequest(
  site: Site,
  by: Person,
  id: string,
  words: string,
): Promise<Outcome> {
  const now = site.clock.epochMs();
  const row = await loadPrivacyRequest(site.db, id);
  if (row === null) return refused('not-found');
  const changes = { closed_by: by.id, closed_at: now, outcome: words.normalize('NFC') };
  if (row.kind === 'erasure') {
    const order = {
      personId: row.person_id,
      basis: (row.basis ?? 'subject-request') as ErasureBasis,
      carriedBy: by.id,
      approvedBy: row.approved_by,
      deciders: 2,
      requestId: id,
    };
    const erased = await erasePerson(site, order, async (trx) => {
      const taken = await takeStep(trx, site, by, id, 'carry-out', changes);
      return taken.ok ? null : taken.error;
    });
    return erased.ok ? ok(id) : erased;
  }
  const taken = await inTransaction(site.db, async (trx) => {
    const stepped = await takeStep(trx, site, by, id, 'carry-out', changes);
    if (!stepped.ok) return stepped;
    if (row.kind === 'correction') {
      await insertAnnotation(trx, {
        id: newRowId(site.random, 'an'),
        subject_ref: row.subject_ref ?? row.person_id,
        person_id: row.person_id,
        text: changes.outcome,
        at: now,
        by_id: by.id,
        request_id: id,
      });
    }
    if (row.kind === 'restriction') await restrict(trx, site, row.person_id);
    return stepped;
  });
  return taken.ok ? ok(id) : taken;
}

interface SealedPerson {
  readonly name: string;
  readonly organisation: string;
}

/** Masks a person everywhere: the name is sealed away, so that no list, search or report can show it. */
async function restrict(trx: Database, site: Site, personId: string): Promise<void> {
  const person = await findPerson(trx, personId);
  const marks = await loadMarks(trx, personId);
  if (person === null || marks.restricted_at !== null || marks.erased_at !== null) return;
  const sealed: SealedPerson = { name: person.name, organisation: person.organisation };
  await saveMarks(trx, personId, {
    restricted_at: site.clock.epochMs(),
    sealed_person: site.pii.seal(`restricted/${personId}`, JSON.stringify(sealed)),
  });
  await trx
    .updateTable('people')
    .set({ name: RESTRICTED_NAME, organisation: '' })
    .where('id', '=', personId)
    .execute();
}

/** Reads the name of somebody whose data is restricted; null for everybody else. */
export async function restrictedPerson(
  db: Database,
  site: Pick<Site, 'pii'>,
  personId: string,
): Promise<SealedPerson | null> {
  const { sealed_person: sealed } = await loadMarks(db, personId);
  return sealed === null
    ? null
    : (JSON.parse(site.pii.open(`restricted/${personId}`, sealed)) as SealedPerson);
}

/** Sets or ends a restriction. */
export async function setRestriction(
  site: Site,
  by: Person,
  personId: string,
  isRestricted: boolean,
): Promise<Outcome> {
  return inTransaction(site.db, async (trx): Promise<Outcome> => {
    if ((await findPerson(trx, personId)) === null) return refused('not-found');
    if (isRestricted) {
      await restrict(trx, site, personId);
    } else {
      const sealed = await restrictedPerson(trx, site, personId);
      if (sealed === null) return refused('step-not-allowed');
      const { name, organisation } = sealed;
      await trx.updateTable('people').set({ name, organisation }).where('id', '=', personId).execute();
      await saveMarks(trx, personId, { restricted_at: null, sealed_person: null });
    }
    await note(trx, site, by.id, isRestricted ? 'person.restricted' : 'person.unrestricted', personId, {});
    return ok(personId);
  });
}

/** Sets a legal hold, which stops every erasure and every end of retention, or ends it. */
export async function setHold(
  site: Site,
  by: Person,
  personId: string,
  reason: string | null,
): Promise<Outcome> {
  const now = site.clock.epochMs();
  return inTransaction(site.db, async (trx): Promise<Outcome> => {
    if ((await findPerson(trx, personId)) === null) return refused('not-found');
    await saveMarks(trx, personId, {
      held_at: reason === null ? null : now,
      hold_reason: reason?.normalize('NFC') ?? null,
    });
    await note(trx, site, by.id, reason === null ? 'person.released' : 'person.held', personId, {});
    return ok(personId);
  });
}
