import type { Person } from '#contract/api';
import { sopTextHash, type Sop, type SopContent } from '#contract/api-sop';
import { err, ok, type Result } from '#contract/result';
import { reviewDueAt, stepSop, type SopAction } from '../domain/sop-life.ts';
import { sha256 } from '../signing/node-crypto.ts';
import { recordAudit } from '../store/audit-trail.ts';
import { inTransaction, type Database } from '../store/database.ts';
import { peopleWithRole } from '../store/notifications.ts';
import { findPerson } from '../store/people.ts';
import { acknowledgeSop } from '../store/sop-acknowledgements.ts';
import {
  countSops,
  entryTextsInForce,
  insertSop,
  listSops,
  loadSop,
  loadVersions,
  saveVersion,
  takeDueReviews,
  versionName,
} from '../store/sops.ts';
import type { SopVersionsTable } from '../store/tables-procedure.ts';
import { notify } from './notify.ts';
import { renewPolicy } from './renew-policy.ts';
import { SEED_SOPS } from './seed-sop/seed-sops.ts';
import { refusal, type Refusal, type Site } from './site.ts';
import { requireSops } from './site-rules.ts';

type Outcome = Result<Sop, Refusal>;

async function find(db: Database, site: Site, personId: string, id: string): Promise<Outcome> {
  const [sop] = await listSops(db, { personId, now: site.clock.epochMs() }, id);
  return sop === undefined ? err(refusal('not-found')) : ok(sop);
}

const draftOf = (
  sop: { readonly id: string; readonly number: string },
  version: number,
  content: SopContent,
  by: { readonly id: string | null; readonly at: number },
): SopVersionsTable => ({
  sop_id: sop.id,
  version,
  state: 'draft',
  content: JSON.stringify(content),
  text_hash: sopTextHash(sha256, { number: sop.number, version, content }),
  created_at: by.at,
  created_by: by.id,
  revised_at: by.at,
  submitted_at: null,
  submitted_by: null,
  effective_at: null,
  approved_by: null,
  withdrawn_at: null,
  withdrawn_by: null,
  review_due_at: null,
  reminded_at: null,
});

const recordSop = (
  trx: Database,
  at: number,
  byId: string | null,
  act: string,
  version: Pick<SopVersionsTable, 'sop_id' | 'version' | 'text_hash'>,
): Promise<void> =>
  recordAudit(trx, {
    at,
    byId,
    act: `sop.${act}`,
    subject: version.sop_id,
    facts: { version: version.version, textHash: version.text_hash },
  });

/** Gives a new site the procedures of this product, as drafts to be edited; none of them is in force. */
export const seedSops = (site: Pick<Site, 'db' | 'clock'>): Promise<void> =>
  inTransaction(site.db, async (trx) => {
    if ((await countSops(trx)) > 0) return;
    const at = site.clock.epochMs();
    for (const { content, ...sop } of SEED_SOPS) {
      await insertSop(trx, { ...sop, at });
      await saveVersion(trx, draftOf(sop, 1, content, { id: null, at }));
    }
  });

/** Writes a new procedure, as a draft. */
export const createSop = (
  site: Site,
  author: Person,
  sop: {
    readonly id: string;
    readonly number: string;
    readonly isForEntry: boolean;
    readonly content: SopContent;
  },
): Promise<Outcome> =>
  inTransaction(site.db, async (trx): Promise<Outcome> => {
    const at = site.clock.epochMs();
    if (!(await insertSop(trx, { ...sop, at }))) return err(refusal('name-taken'));
    const draft = draftOf(sop, 1, sop.content, { id: author.id, at });
    await saveVersion(trx, draft);
    await recordSop(trx, at, author.id, 'drafted', draft);
    return find(trx, site, author.id, sop.id);
  });

/** Begins the next version of a procedure; one draft at a time. */
export const draftVersion = (site: Site, author: Person, id: string, content: SopContent): Promise<Outcome> =>
  inTransaction(site.db, async (trx): Promise<Outcome> => {
    const sop = await loadSop(trx, id);
    const [newest] = await loadVersions(trx, id);
    if (sop === null || newest === undefined) return err(refusal('not-found'));
    if (newest.state === 'draft' || newest.state === 'review') return err(refusal('step-not-allowed'));
    const at = site.clock.epochMs();
    const draft = draftOf(sop, newest.version + 1, content, { id: author.id, at });
    await saveVersion(trx, draft);
    await recordSop(trx, at, author.id, 'drafted', draft);
    return find(trx, site, author.id, id);
  });

/** Words of the steps in the audit trail. */
const STEP_NAMES = {
  edit: 'edited',
  submit: 'submitted',
  return: 'returned',
  'put-in-force': 'put-in-force',
  withdraw: 'withdrawn',
} as const satisfies Partial<Record<SopAction, string>>;

export type SopStep = keyof typeof STEP_NAMES;

/**
 * Takes a step with a version. What comes into force takes the place of what was, and the doors ask for its
 * acknowledgement from their next policy on; whoever is inside leaves as always.
 * @param content new words, for `edit`
 * @see rules SD80, SD81
 */
export async function stepVersion(
  site: Site,
  person: Person,
  place: { readonly id: string; readonly version: number },
  step: SopStep,
  content: SopContent | null = null,
): Promise<Outcome> {
  let policyVersion: number | null = null;
  const outcome = await inTransaction(site.db, async (trx): Promise<Outcome> => {
    const sop = await loadSop(trx, place.id);
    const versions = await loadVersions(trx, place.id);
    const version = versions.find((each) => each.version === place.version);
    if (sop === null || version === undefined) return err(refusal('not-found'));
    const state = stepSop(version.state, step);
    if (state === 'refused') return err(refusal('step-not-allowed'));
    const at = site.clock.epochMs();
    if (step === 'put-in-force') {
      if ([version.created_by, version.submitted_by].includes(person.id)) return err(refusal('own-text'));
      for (const current of versions.filter((each) => each.state === 'in-force')) {
        await saveVersion(trx, {
          ...current,
          state: 'withdrawn',
          withdrawn_at: at,
          withdrawn_by: person.id,
        });
      }
    }
    const next: SopVersionsTable = { ...version, state, ...changesOf(step, version, person.id, at) };
    if (content !== null) {
      next.content = JSON.stringify(content);
      next.text_hash = sopTextHash(sha256, { number: sop.number, version: version.version, content });
      // Whoever wrote the words that stand there now is their author.
      next.created_by = person.id;
      next.revised_at = at;
    }
    await saveVersion(trx, next);
    await recordSop(trx, at, person.id, STEP_NAMES[step], next);
    policyVersion = await requireSops(trx, site, person.id, await entryTextsInForce(trx));
    return find(trx, site, person.id, place.id);
  });
  if (outcome.ok && policyVersion !== null) site.policyChanges.publish(policyVersion);
  return outcome;
}

function changesOf(
  step: SopStep,
  version: SopVersionsTable,
  byId: string,
  at: number,
): Partial<SopVersionsTable> {
  switch (step) {
    case 'edit':
      return {};
    case 'submit':
      return { submitted_at: at, submitted_by: byId };
    case 'return':
      return { submitted_at: null, submitted_by: null };
    case 'put-in-force':
      return { effective_at: at, approved_by: byId, review_due_at: reviewDueAt(at), reminded_at: null };
    case 'withdraw':
      return { withdrawn_at: at, withdrawn_by: byId, effective_at: version.effective_at };
  }
}

/** What was acknowledged, by whom. */
export interface Acknowledgement {
  readonly personId: string;
  readonly textHash: string;
  readonly version: string;
  readonly isNew: boolean;
}

/**
 * Records that somebody acknowledged the text that is in force; it reaches the doors at once.
 * @param by who says so: the person, or the officer beside whom they stand
 * @see rule SD81
 */
export async function acknowledgeText(
  site: Site,
  by: Person,
  id: string,
  input: { readonly personId: string; readonly textHash: string },
): Promise<Result<Acknowledgement, Refusal>> {
  const now = site.clock.epochMs();
  const outcome = await inTransaction(
    site.db,
    async (trx): Promise<Result<{ ack: Acknowledgement; policyVersion: number }, Refusal>> => {
      const sop = await loadSop(trx, id);
      if (sop === null) return err(refusal('not-found'));
      const current = (await loadVersions(trx, id)).find((each) => each.state === 'in-force');
      if (current?.text_hash !== input.textHash) return err(refusal('sop-moved-on'));
      const person = await findPerson(trx, input.personId);
      if (person?.isActive !== true) {
        return err(refusal('invalid-input', [{ pointer: '/personId', code: 'unknown' }]));
      }
      const version = versionName(sop.number, current.version);
      const isNew = await acknowledgeSop(trx, {
        personId: person.id,
        sopHash: current.text_hash,
        version,
        at: now,
      });
      if (isNew) {
        await recordAudit(trx, {
          at: now,
          byId: by.id,
          act: 'sop.acknowledged',
          subject: id,
          facts: { personId: person.id, version: current.version, textHash: current.text_hash },
        });
      }
      const policyVersion = (await renewPolicy(trx, site, now)).version;
      return ok({ ack: { personId: person.id, textHash: current.text_hash, version, isNew }, policyVersion });
    },
  );
  if (!outcome.ok) return outcome;
  site.policyChanges.publish(outcome.value.policyVersion);
  return ok(outcome.value.ack);
}

/** Reminds, once, of procedures that nobody looked at for twelve months. @see rule SD82 */
export const remindOfReviews = (site: Site): Promise<void> =>
  inTransaction(site.db, async (trx) => {
    const at = site.clock.epochMs();
    for (const { sopId, version } of await takeDueReviews(trx, at)) {
      await recordAudit(trx, { at, byId: null, act: 'sop.review-due', subject: sopId, facts: { version } });
      const to = await peopleWithRole(trx, 'supervisor', 'officer');
      await notify(trx, site, { kind: 'sop.review-due', subject: sopId, to, byId: null });
    }
  });
