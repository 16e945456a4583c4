import {
  sopContentSchema,
  type Sop,
  type SopState,
  type SopSummary,
  type SopVersion,
} from '#contract/api-sop';
import type { Database } from './database.ts';
import type { SopVersionsTable } from './tables-procedure.ts';

const instant = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

/** Stores a procedure. @returns false where the id or the number is taken */
export async function insertSop(
  trx: Database,
  sop: { readonly id: string; readonly number: string; readonly isForEntry: boolean; readonly at: number },
): Promise<boolean> {
  const other = await trx
    .selectFrom('sops')
    .select('id')
    .where((e) => e.or([e('id', '=', sop.id), e('number', '=', sop.number)]))
    .executeTakeFirst();
  if (other !== undefined) return false;
  await trx
    .insertInto('sops')
    .values({ id: sop.id, number: sop.number, is_for_entry: sop.isForEntry ? 1 : 0, created_at: sop.at })
    .execute();
  return true;
}

/** Loads what a procedure is, beside its texts. */
export const loadSop = async (db: Database, id: string) =>
  (await db.selectFrom('sops').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;

/** Loads the versions of a procedure, newest first. */
export const loadVersions = (db: Database, sopId: string): Promise<SopVersionsTable[]> =>
  db.selectFrom('sop_versions').selectAll().where('sop_id', '=', sopId).orderBy('version', 'desc').execute();

/** Stores a version, new or changed. */
export async function saveVersion(trx: Database, version: SopVersionsTable): Promise<void> {
  const { sop_id: _sop, version: _version, ...fields } = version;
  await trx
    .insertInto('sop_versions')
    .values(version)
    .onConflict((c) => c.columns(['sop_id', 'version']).doUpdateSet(fields))
    .execute();
}

/** Lists the texts that whoever wants in must have acknowledged. */
export async function entryTextsInForce(
  db: Database,
): Promise<readonly { readonly hash: string; readonly version: string }[]> {
  const rows = await db
    .selectFrom('sop_versions')
    .innerJoin('sops', 'sops.id', 'sop_versions.sop_id')
    .select(['sops.number', 'sop_versions.version', 'sop_versions.text_hash'])
    .where('sops.is_for_entry', '=', 1)
    .where('sop_versions.state', '=', 'in-force')
    .orderBy('sops.id')
    .execute();
  return rows.map((row) => ({ hash: row.text_hash, version: versionName(row.number, row.version) }));
}

/** How an acknowledgement names what was read, e.g. `065/SOP-RS/2026 v2`. */
export const versionName = (number: string, version: number): string => `${number} v${version}`;

interface NamedVersion extends SopVersionsTable {
  readonly created_by_name: string | null;
  readonly approved_by_name: string | null;
}

const toVersion = (row: NamedVersion): SopVersion => ({
  sopId: row.sop_id,
  version: row.version,
  state: row.state,
  textHash: row.text_hash,
  createdAt: new Date(row.created_at).toISOString(),
  createdByName: row.created_by_name,
  revisedAt: new Date(row.revised_at).toISOString(),
  submittedAt: instant(row.submitted_at),
  effectiveAt: instant(row.effective_at),
  approvedByName: row.approved_by_name,
  withdrawnAt: instant(row.withdrawn_at),
  reviewDueAt: instant(row.review_due_at),
  content: sopContentSchema.parse(JSON.parse(row.content)),
});

const CURRENT: readonly SopState[] = ['in-force'];

/** Lists procedures with all their versions, by number. */
export async function listSops(
  db: Database,
  reader: { readonly personId: string; readonly now: number },
  id: string | null = null,
): Promise<readonly Sop[]> {
  const sops = await db
    .selectFrom('sops')
    .selectAll()
    .$if(id !== null, (q) => q.where('id', '=', id ?? ''))
    .orderBy('number')
    .execute();
  const rows = await db
    .selectFrom('sop_versions')
    .leftJoin('people as author', 'author.id', 'sop_versions.created_by')
    .leftJoin('people as approver', 'approver.id', 'sop_versions.approved_by')
    .selectAll('sop_versions')
    .select(['author.name as created_by_name', 'approver.name as approved_by_name'])
    .$if(id !== null, (q) => q.where('sop_versions.sop_id', '=', id ?? ''))
    .orderBy('sop_versions.version', 'desc')
    .execute();
  const acks = await db
    .selectFrom('sop_acknowledgements')
    .select('sop_hash')
    .where('person_id', '=', reader.personId)
    .execute();
  const read = new Set(acks.map((ack) => ack.sop_hash));
  return sops.flatMap((sop) => {
    const versions = rows.filter((row) => row.sop_id === sop.id).map(toVersion);
    const [newest] = versions;
    if (newest === undefined) return [];
    const current = versions.find((each) => CURRENT.includes(each.state));
    const due = current?.reviewDueAt ?? null;
    const summary: SopSummary = {
      id: sop.id,
      number: sop.number,
      title: (current ?? newest).content.title,
      isForEntry: sop.is_for_entry === 1,
      inForce:
        current === undefined
          ? null
          : {
              version: current.version,
              textHash: current.textHash,
              effectiveAt: current.effectiveAt ?? current.revisedAt,
            },
      newestVersion: newest.version,
      newestState: newest.state,
      reviewDueAt: due,
      isReviewDue: due !== null && Date.parse(due) <= reader.now,
      isAcknowledged: current === undefined || read.has(current.textHash),
    };
    return [{ ...summary, versions }];
  });
}

/** Somebody who may enter and has not acknowledged a text. */
export interface MissingAck {
  readonly personId: string;
  readonly name: string;
  readonly organisation: string;
  readonly isInside: boolean;
  readonly lastVersion: string | null;
}

/** Lists active people with a card that counts who have not acknowledged a text, by name. @see rule SD81 */
export async function missingAcks(
  db: Database,
  text: { readonly hash: string; readonly number: string; readonly now: number },
): Promise<readonly MissingAck[]> {
  const people = await db
    .selectFrom('people')
    .select(['people.id', 'people.name', 'people.organisation'])
    .where('people.is_active', '=', 1)
    .where((e) =>
      e.exists(
        e
          .selectFrom('credentials')
          .select('credentials.id')
          .whereRef('credentials.person_id', '=', 'people.id')
          .where('credentials.state', '=', 'active')
          .where((w) =>
            w.or([w('credentials.expires_at', 'is', null), w('credentials.expires_at', '>', text.now)]),
          ),
      ),
    )
    .where((e) =>
      e.not(
        e.exists(
          e
            .selectFrom('sop_acknowledgements')
            .select('sop_hash')
            .whereRef('sop_acknowledgements.person_id', '=', 'people.id')
            .where('sop_acknowledgements.sop_hash', '=', text.hash),
        ),
      ),
    )
    .orderBy('people.name')
    .orderBy('people.id')
    .execute();
  const inside = await db.selectFrom('visits').select('person_id').where('phase', '=', 'inside').execute();
  const earlier = await db
    .selectFrom('sop_acknowledgements')
    .select(['person_id', 'version', 'at'])
    .orderBy('at')
    .execute();
  const last = new Map(
    earlier
      .filter(({ version }) => version.startsWith(`${text.number} v`))
      .map(({ person_id: id, version }) => [id, version]),
  );
  return people.map((person) => ({
    personId: person.id,
    name: person.name,
    organisation: person.organisation,
    isInside: inside.some((each) => each.person_id === person.id),
    lastVersion: last.get(person.id) ?? null,
  }));
}

/** Takes the versions whose review is due and of which nobody was reminded yet; each once. */
export async function takeDueReviews(
  trx: Database,
  now: number,
): Promise<readonly { readonly sopId: string; readonly version: number }[]> {
  const rows = await trx
    .updateTable('sop_versions')
    .set({ reminded_at: now })
    .where('state', '=', 'in-force')
    .where('review_due_at', '<=', now)
    .where('reminded_at', 'is', null)
    .returning(['sop_id', 'version'])
    .execute();
  return rows.map((row) => ({ sopId: row.sop_id, version: row.version }));
}

/** Counts procedures. */
export async function countSops(db: Database): Promise<number> {
  const { count } = await db
    .selectFrom('sops')
    .select((e) => e.fn.countAll().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}
