import { concatBytes, decodeBase64Url, decodeUtf8, encodeBase64Url, utf8 } from '#contract/bytes';
import type { Random } from '#contract/clock';
import type { Opening } from '#contract/commitment';
import { Fault } from '#contract/result';
import { newRowId } from '../auth/tokens.ts';
import type { Vault } from '../signing/vault.ts';
import type { Database } from './database.ts';
import type { JournalKey } from './journals.ts';
import type { OpeningKeysTable } from './tables-privacy.ts';

/** What sealing an opening needs. */
export interface SealPorts {
  readonly vault: Vault;
  readonly random: Random;
}

/** Names a month in UTC, e.g. `2026-03`. */
export const monthOf = (at: number): string => new Date(at).toISOString().slice(0, 7);

type Place = Pick<Opening, 'gw' | 'ep' | 'sq' | 'field'>;

const placeText = ({ gw, ep, sq, field }: Place): string => `opening/${gw}/${ep}/${sq}/${field}`;

/** The record that an opening belongs to. */
const recordText = ({ gw, ep, sq }: Place): string => `${gw}/${ep}/${sq}`;

const SALT_BYTES = 32;

/** Cuts values into statements: each takes only so many parameters. */
export function* slicesOf<T>(rows: readonly T[], size = 100): Generator<readonly T[]> {
  for (let start = 0; start < rows.length; start += size) yield rows.slice(start, start + size);
}

/**
 * Finds whose each record is: of the person it names, or else of the holder of the card or permit in it. All
 * openings of a record are of one person, so that erasing a person empties whole records.
 * @returns person id by record; nothing for records about nobody who is known
 */
async function subjectsOf(db: Database, openings: readonly Opening[]): Promise<ReadonlyMap<string, string>> {
  const subjects = new Map<string, string>();
  const holders = new Map<string, string>();
  const valuesOf = (field: Opening['field']) => [
    ...new Set(openings.filter((each) => each.field === field).map(({ value }) => value)),
  ];
  for (const slice of slicesOf(valuesOf('cred'))) {
    const rows = await db
      .selectFrom('credentials')
      .select(['handle', 'person_id'])
      .where('handle', 'in', slice)
      .execute();
    for (const row of rows) holders.set(`cred/${row.handle}`, row.person_id);
  }
  for (const slice of slicesOf(valuesOf('pm'))) {
    const rows = await db.selectFrom('permits').select(['id', 'sub']).where('id', 'in', slice).execute();
    for (const row of rows) holders.set(`pm/${row.id}`, row.sub);
  }
  for (const opening of openings) {
    if (opening.field === 'sub') subjects.set(recordText(opening), opening.value);
  }
  for (const opening of openings) {
    const holder = holders.get(`${opening.field}/${opening.value}`);
    if (holder !== undefined && !subjects.has(recordText(opening))) subjects.set(recordText(opening), holder);
  }
  return subjects;
}

interface OpenKey {
  readonly id: string;
  readonly key: Uint8Array;
}

/** Makes or finds the key of a value of somebody in a month. */
async function keyFor(
  trx: Database,
  ports: SealPorts,
  of: Pick<OpeningKeysTable, 'field' | 'value' | 'subject_id' | 'month'>,
): Promise<OpenKey> {
  const row = await trx
    .selectFrom('opening_keys')
    .select(['id', 'wrapped'])
    .where('field', '=', of.field)
    .where('value', '=', of.value)
    .where('subject_id', '=', of.subject_id)
    .where('month', '=', of.month)
    .executeTakeFirst();
  if (row !== undefined) return { id: row.id, key: ports.vault.openKey(row.id, row.wrapped) };
  const id = newRowId(ports.random, 'ok');
  const { key, wrapped } = ports.vault.makeKey(id);
  await trx
    .insertInto('opening_keys')
    .values({ id, wrapped, ...of })
    .execute();
  return { id, key };
}

/**
 * Stores what commitments stand for: each sealed under the key of its value, person and month. The row itself says
 * neither the value nor whose it is; both stand with the key, and go with it.
 * @param receivedAt decides the month: a gateway's clock may be wrong, ours decides when the time is over
 * @see rules SA50, SA53
 */
export async function insertOpenings(
  trx: Database,
  ports: SealPorts,
  openings: readonly Opening[],
  receivedAt: number,
): Promise<void> {
  const month = monthOf(receivedAt);
  const subjects = await subjectsOf(trx, openings);
  const keys = new Map<string, OpenKey>();
  const rows = [];
  for (const opening of openings) {
    const subject = subjects.get(recordText(opening)) ?? '';
    // Of nobody known: one key a month, and the value stands in the sealed part alone.
    const value = subject === '' ? '' : opening.value;
    const name = `${opening.field}/${subject}/${value}`;
    const key =
      keys.get(name) ??
      (await keyFor(trx, ports, { field: opening.field, value, subject_id: subject, month }));
    keys.set(name, key);
    const salt = decodeBase64Url(opening.salt);
    if (!salt.ok || salt.value.length !== SALT_BYTES) throw new Error('an opening has a salt of 32 bytes');
    rows.push({
      gateway_id: opening.gw,
      epoch: opening.ep,
      seq: opening.sq,
      field: opening.field,
      key_id: key.id,
      sealed: ports.vault.seal(key.key, placeText(opening), concatBytes(salt.value, utf8(opening.value))),
    });
  }
  for (const slice of slicesOf(rows)) await trx.insertInto('openings').values(slice).execute();
}

/** Opens a sealed opening; throws where the key is there and does not fit, because then somebody changed the row. */
export function openingOf(vault: Vault, key: Uint8Array, place: Place, sealed: string): Opening {
  const content = vault.open(key, placeText(place), sealed);
  const value = content === null ? null : decodeUtf8(content.subarray(SALT_BYTES));
  if (content === null || value?.ok !== true) throw new Fault('opening-damaged', { retryable: false });
  return { ...place, salt: encodeBase64Url(content.subarray(0, SALT_BYTES)), value: value.value };
}

/** Loads the openings of a journal that are not erased. @throws Fault `opening-damaged`, `openings-key-wrong` */
export async function loadOpenings(
  db: Database,
  vault: Vault,
  journal: JournalKey,
): Promise<readonly Opening[]> {
  const rows = await db
    .selectFrom('openings')
    .innerJoin('opening_keys', 'opening_keys.id', 'openings.key_id')
    .select(['openings.seq', 'openings.field', 'openings.sealed', 'openings.key_id', 'opening_keys.wrapped'])
    .where('gateway_id', '=', journal.gatewayId)
    .where('epoch', '=', journal.epoch)
    .orderBy('seq')
    .execute();
  const keys = new Map<string, Uint8Array>();
  return rows.map((row) => {
    const key = keys.get(row.key_id) ?? vault.openKey(row.key_id, row.wrapped);
    keys.set(row.key_id, key);
    const place = { gw: journal.gatewayId, ep: journal.epoch, sq: row.seq, field: row.field };
    return openingOf(vault, key, place, row.sealed);
  });
}

/** Makes sure that the master key is the one that the stored keys are wrapped with. @throws Fault `openings-key-wrong` */
export async function checkVault(db: Database, vault: Vault): Promise<void> {
  const row = await db.selectFrom('opening_keys').select(['id', 'wrapped']).limit(1).executeTakeFirst();
  if (row !== undefined) vault.openKey(row.id, row.wrapped);
}

const PLAIN_SLICE = 500;

/** Seals openings of an older version that still stand in clear. @returns how many; 0 where none are left */
export async function sealPlainOpenings(trx: Database, ports: SealPorts): Promise<number> {
  const rows = await trx
    .selectFrom('openings_plain as o')
    .innerJoin('journal_records as r', (join) =>
      join
        .onRef('r.gateway_id', '=', 'o.gateway_id')
        .onRef('r.epoch', '=', 'o.epoch')
        .onRef('r.seq', '=', 'o.seq'),
    )
    .selectAll('o')
    .select('r.received_at')
    .orderBy('r.position')
    .limit(PLAIN_SLICE)
    .execute();
  // A record may be cut by the slice: its openings must be sealed together, because they are of one person.
  const last = rows.length < PLAIN_SLICE ? undefined : rows.at(-1);
  const whole =
    last === undefined ? rows : rows.filter((row) => row.seq !== last.seq || row.epoch !== last.epoch);
  const byTime = new Map<number, Opening[]>();
  for (const row of whole) {
    const { gateway_id: gw, epoch: ep, seq: sq, field, salt, value } = row;
    byTime.set(row.received_at, [...(byTime.get(row.received_at) ?? []), { gw, ep, sq, field, salt, value }]);
  }
  for (const [receivedAt, openings] of byTime) await insertOpenings(trx, ports, openings, receivedAt);
  for (const row of whole) {
    await trx
      .deleteFrom('openings_plain')
      .where('gateway_id', '=', row.gateway_id)
      .where('epoch', '=', row.epoch)
      .where('seq', '=', row.seq)
      .where('field', '=', row.field)
      .execute();
  }
  return whole.length;
}

/** An opening that is stored, and under which key. */
export interface SealedPlace {
  readonly gatewayId: string;
  readonly epoch: number;
  readonly seq: number;
}

/** Which openings are to be destroyed. */
export type KeyFilter = { readonly subjectId: string } | { readonly month: string };

/**
 * Destroys keys, the openings under them, and what the keys said: nobody can tell afterwards whose they were.
 * @param filter one person's, or one month's but for those of people under a legal hold
 * @returns the place of every opening that is gone, by journal and number
 * @see rules SA54, SA57
 */
export async function destroyOpenings(trx: Database, filter: KeyFilter): Promise<readonly SealedPlace[]> {
  const keys = await trx
    .selectFrom('opening_keys')
    .select('id')
    .$if('subjectId' in filter, (q) =>
      q.where('subject_id', '=', 'subjectId' in filter ? filter.subjectId : ''),
    )
    .$if('month' in filter, (q) =>
      q
        .where('month', '=', 'month' in filter ? filter.month : '')
        .where('subject_id', 'not in', (e) =>
          e.selectFrom('privacy_marks').select('person_id').where('held_at', 'is not', null),
        ),
    )
    .execute();
  const places: SealedPlace[] = [];
  for (const slice of slicesOf(keys.map(({ id }) => id))) {
    const rows = await trx
      .selectFrom('openings')
      .select(['gateway_id', 'epoch', 'seq'])
      .where('key_id', 'in', slice)
      .execute();
    for (const row of rows) places.push({ gatewayId: row.gateway_id, epoch: row.epoch, seq: row.seq });
    await trx.deleteFrom('openings').where('key_id', 'in', slice).execute();
    await trx.deleteFrom('opening_keys').where('id', 'in', slice).execute();
  }
  return places;
}

/** Destroys openings of nobody known whose value is one of these: cards that were refused before they were enrolled. */
export async function destroyUnclaimed(
  trx: Database,
  vault: Vault,
  values: ReadonlySet<string>,
): Promise<readonly SealedPlace[]> {
  const rows = await trx
    .selectFrom('openings')
    .innerJoin('opening_keys', 'opening_keys.id', 'openings.key_id')
    .selectAll('openings')
    .select('opening_keys.wrapped')
    .where('opening_keys.subject_id', '=', '')
    .execute();
  const records = new Set<string>();
  for (const row of rows) {
    const place = { gw: row.gateway_id, ep: row.epoch, sq: row.seq, field: row.field };
    const { value } = openingOf(vault, vault.openKey(row.key_id, row.wrapped), place, row.sealed);
    if (values.has(value)) records.add(recordText(place));
  }
  const places: SealedPlace[] = [];
  for (const row of rows) {
    // Whole records: an auditor counts every commitment of a record that is erased.
    const { gateway_id: gw, epoch: ep, seq: sq, field } = row;
    if (!records.has(recordText({ gw, ep, sq, field }))) continue;
    places.push({ gatewayId: gw, epoch: ep, seq: sq });
    await trx
      .deleteFrom('openings')
      .where('gateway_id', '=', gw)
      .where('epoch', '=', ep)
      .where('seq', '=', sq)
      .where('field', '=', field)
      .execute();
  }
  return places;
}

/** Lists months of which openings are stored, the oldest first. */
export async function openingMonths(db: Database): Promise<readonly string[]> {
  const rows = await db.selectFrom('opening_keys').select('month').distinct().orderBy('month').execute();
  return rows.map(({ month }) => month);
}
