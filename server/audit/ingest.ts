import type { AccessEvent, Door, JournalHead, JournalUpload } from '#contract/api';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import type { EpochMs } from '#contract/clock';
import { decodeEpochOpened } from '#contract/epoch';
import { decodeRecord } from '#contract/record';
import { err, ok, type Result } from '#contract/result';
import type { SiteLogEntry } from '#contract/site-log';
import { stepDoor } from '../domain/door-projection.ts';
import { OPEN_PHASES, stepVisits, type VisitProjection } from '../domain/visit-projection.ts';
import { announceCommand } from '../procedure/commands.ts';
import { followAlarms, followVisits } from '../procedure/follow-door.ts';
import { renewPolicy } from '../procedure/renew-policy.ts';
import { refusal, siteLogPort, type Refusal, type Site } from '../procedure/site.ts';
import { hmacSha256, sha256, verifyEd25519 } from '../signing/node-crypto.ts';
import { markDone, type StoredCommand } from '../store/commands.ts';
import { inTransaction, type Database } from '../store/database.ts';
import { isSilent, listEvents, type ListedEvent } from '../store/events.ts';
import {
  epochLimit,
  findEpoch,
  insertEpoch,
  nextEpoch,
  rootAt,
  saveOpened,
  type Epoch,
} from '../store/epochs.ts';
import { doorsOf, saveGatewaySeen, type Gateway } from '../store/gateways.ts';
import {
  insertRecords,
  loadJournal,
  loadRecords,
  newestCheckpoint,
  saveJournal,
  saveJournalCheckpoint,
  uncosignedCheckpoints,
  type JournalKey,
  type JournalState,
  type NewRecord,
} from '../store/journals.ts';
import { insertOpenings } from '../store/openings.ts';
import { listDoors, loadDoorProjection, saveDoorProjection } from '../store/places.ts';
import { appendSiteLog } from '../store/site-log.ts';
import { suspendUsedCode } from '../store/visit-codes.ts';
import { openVisits, saveVisit } from '../store/visits.ts';
import {
  checkBatch,
  decodeEpochKey,
  type CheckedBatch,
  type PreviousJournal,
  type StoredOverlap,
} from './check-batch.ts';
import { keepBeside, noteRollback } from './keep-beside.ts';
import { toldBy, withOrigins, type Told } from './told-records.ts';

/** An acknowledgement: how far the journal is stored, with the cosigned checkpoint. */
export interface IngestAck extends JournalHead {
  readonly checkpoint: string;
}

/** Why a batch was not taken; `head` says from where to go on. */
export interface IngestRefusal extends Refusal {
  readonly head: JournalHead;
}

interface Stored {
  readonly head: JournalHead;
  readonly events: readonly ListedEvent[];
  readonly doors: readonly Door[];
  /** Orders that the batch tells of. */
  readonly commands: readonly StoredCommand[];
  /** Null where no visit code was used. */
  readonly policyVersion: number | null;
}

const keyOf = (gateway: Gateway, epoch: number): JournalKey => ({ gatewayId: gateway.id, epoch });

/** Tells how far an epoch is stored. */
export async function journalHead(db: Database, gateway: Gateway, epoch: number): Promise<JournalHead> {
  const { size, head } = await loadJournal(db, keyOf(gateway, epoch));
  return { size, head };
}

/**
 * Takes a batch of a journal: checks and stores it in one transaction, and only after the commit cosigns the
 * gateway's checkpoint, answers, and tells those who watch. Taking it again changes nothing.
 * @see rules SA21 to SA28
 */
export async function ingestJournal(
  site: Site,
  gateway: Gateway,
  epoch: number,
  upload: JournalUpload,
): Promise<Result<IngestAck, IngestRefusal>> {
  const now = site.clock.epochMs();
  const key = keyOf(gateway, epoch);
  const stored = await inTransaction(site.db, (trx) => storeBatch(trx, site, key, upload, now));
  if (!stored.ok) return stored;
  const checkpoint = await cosignNewest(site, key, now);
  publish(site, stored.value);
  return ok({ ...stored.value.head, checkpoint });
}

async function loadOverlap(
  trx: Database,
  key: JournalKey,
  size: number,
  upload: JournalUpload,
): Promise<StoredOverlap> {
  const until = Math.min(size, upload.from + upload.entries.length);
  const rows = await loadRecords(trx, key, upload.from - 1, until);
  return {
    previous: rows.find((row) => row.seq === upload.from - 1)?.leafHash ?? null,
    texts: rows.filter((row) => row.seq >= upload.from).map((row) => row.text),
  };
}

async function storeBatch(
  trx: Database,
  site: Site,
  key: JournalKey,
  upload: JournalUpload,
  now: EpochMs,
): Promise<Result<Stored, IngestRefusal>> {
  const before = await loadJournal(trx, key);
  const head = { size: before.size, head: before.head };
  const known = await findEpoch(trx, key);
  const epoch = known ?? (await findForgotten(trx, key, upload));
  if (epoch === null) {
    const found = { why: 'conflict', pointer: '/epoch', reason: 'unknown' } as const;
    await keepBeside(trx, site, key, upload, found, now);
    return err({ ...refusal('journal-conflict', [{ pointer: '/epoch', code: 'unknown' }]), head });
  }
  const publicKey = decodeEpochKey(epoch.publicKey);
  if (publicKey === null) {
    return err({ ...refusal('journal-invalid', [{ pointer: '/epoch', code: 'unknown' }]), head });
  }
  const checked = await checkBatch(
    { sha256, hmac: hmacSha256, verify: verifyEd25519 },
    {
      siteId: site.id,
      ...key,
      key: publicKey,
      ...before,
      origin: epoch.origin,
      limit: await epochLimit(trx, key),
      previous: before.size === 0 ? await loadPrevious(trx, key, upload) : null,
    },
    await loadOverlap(trx, key, before.size, upload),
    upload,
  );
  if (!checked.ok) {
    const { code, pointer, reason } = checked.error;
    if (code === 'journal-conflict' || code === 'journal-fenced') {
      const why = code === 'journal-fenced' ? 'fenced' : 'conflict';
      await keepBeside(trx, site, key, upload, { why, pointer, reason }, now);
    }
    return err({ ...refusal(code, [{ pointer, code: reason }]), head });
  }
  await saveGatewaySeen(trx, key.gatewayId, now, null);
  const batch = checked.value;
  await noteRollback(trx, site, key, before.size, upload.cosigned, now);
  if (batch.records.length === 0)
    return ok({ head, events: [], doors: [], commands: [], policyVersion: null });
  if (known === null) await recallEpoch(trx, site, key, epoch, now);
  const records = await withOrigins(trx, batch);
  const position = await saveBatch(trx, site, key, { before, epoch, batch, records }, upload.checkpoint, now);
  const told = toldBy(batch, records);
  await followVisits(trx, site, await project(trx, key.gatewayId, told));
  await followAlarms(
    trx,
    site,
    told.map(({ record, values }) => ({ record, sub: values.sub ?? null })),
  );
  const commands = await settleCommands(trx, key.gatewayId, told);
  const policyVersion = (await endUsedCodes(trx, told)) ? (await renewPolicy(trx, site, now)).version : null;
  return ok({
    commands,
    policyVersion,
    head: { size: batch.size, head: batch.head },
    events: await listEvents(trx, { afterPosition: position }, { after: null, limit: batch.records.length }),
    doors: await listDoors(trx, { gatewayId: key.gatewayId }),
  });
}

/**
 * The epoch of a batch that a database put back from a backup does not know: its gateway signs the request, its first
 * record names the key. Null for a number that is not above all that are known.
 * @see rule SM8
 */
async function findForgotten(
  trx: Database,
  { gatewayId, epoch }: JournalKey,
  upload: JournalUpload,
): Promise<Epoch | null> {
  if (epoch < (await nextEpoch(trx, gatewayId))) return null;
  const record = decodeRecord(utf8(upload.entries[0] ?? ''));
  const opened = record.ok ? decodeEpochOpened(record.value) : null;
  // From its middle on nothing tells the key yet: the answer will be a gap, and the next batch begins at 0.
  const publicKey = opened?.key ?? (upload.from > 0 ? upload.gen : null);
  return publicKey === null ? null : { publicKey, origin: 'reserved', isOpened: false };
}

async function recallEpoch(
  trx: Database,
  site: Site,
  key: JournalKey,
  { publicKey }: Epoch,
  now: EpochMs,
): Promise<void> {
  await insertEpoch(trx, key, publicKey, now);
  const x = { gw: key.gatewayId, ep: key.epoch, key: publicKey };
  await appendSiteLog(trx, siteLogPort(site), [{ ty: 'gateway.enrolled', x }], now);
}

async function saveBatch(
  trx: Database,
  site: Site,
  key: JournalKey,
  {
    before,
    epoch,
    batch,
    records,
  }: {
    readonly before: JournalState;
    readonly epoch: Epoch;
    readonly batch: CheckedBatch;
    readonly records: readonly NewRecord[];
  },
  note: string,
  now: EpochMs,
): Promise<number> {
  const position = await insertRecords(trx, records, now);
  await insertOpenings(trx, site, batch.openings, now);
  await saveJournal(trx, key, before, batch);
  await saveJournalCheckpoint(trx, key, { size: batch.size, note, isCosigned: false });
  const root = encodeBase64Url(batch.root);
  const fact = { gw: key.gatewayId, ep: key.epoch, size: batch.size, root };
  const { opened } = batch;
  if (opened !== null) await saveOpened(trx, key, opened.prev, now);
  // The enrolment that gave the first epoch has said all that there is to say of it.
  const isNews = opened !== null && (epoch.origin === 'reserved' || opened.prev !== undefined);
  const prev = opened?.prev;
  const entries: readonly SiteLogEntry[] = [
    ...(isNews
      ? [
          {
            ty: 'epoch.opened',
            x: { gw: key.gatewayId, ep: key.epoch, why: opened.why, ...(prev !== undefined && { prev }) },
          } as const,
        ]
      : []),
    { ty: 'journal.checkpointed', x: fact },
  ];
  await appendSiteLog(trx, siteLogPort(site), entries, now);
  return position;
}

/** Finds the epoch that the first record of a batch says it goes on from; only the first batch of an epoch has one. */
async function loadPrevious(
  trx: Database,
  key: JournalKey,
  upload: JournalUpload,
): Promise<PreviousJournal | null> {
  const record = decodeRecord(utf8(upload.entries[0] ?? ''));
  const prev = record.ok ? decodeEpochOpened(record.value)?.prev : undefined;
  if (prev === undefined) return null;
  const of = { gatewayId: key.gatewayId, epoch: prev.ep };
  const epoch = await findEpoch(trx, of);
  if (epoch === null) return null;
  const publicKey = decodeEpochKey(epoch.publicKey);
  return { epoch: prev.ep, key: publicKey, root: await rootAt(trx, sha256, of, prev.size) };
}

async function project(
  trx: Database,
  gatewayId: string,
  told: readonly Told[],
): Promise<readonly VisitProjection[]> {
  const all: VisitProjection[] = [];
  for (const doorId of await doorsOf(trx, gatewayId)) {
    let door = await loadDoorProjection(trx, doorId);
    let open = await openVisits(trx, doorId);
    const changed = new Map<string, VisitProjection>();
    for (const { record, values } of told) {
      if (record.door !== undefined && record.door !== doorId) continue;
      door = stepDoor(door, record);
      const { sub = null, pm = null } = values;
      for (const visit of stepVisits(open, { record, sub, pm })) {
        changed.set(visit.id, visit);
        open = [...open.filter((each) => each.id !== visit.id), visit].filter((each) =>
          OPEN_PHASES.some((phase) => phase === each.phase),
        );
      }
    }
    await saveDoorProjection(trx, doorId, door);
    for (const visit of changed.values()) await saveVisit(trx, visit);
    all.push(...changed.values());
  }
  return all;
}

/** An order is done when its gateway's journal says so, and not before. @see rule SA30 */
async function settleCommands(
  trx: Database,
  gatewayId: string,
  told: readonly Told[],
): Promise<readonly StoredCommand[]> {
  const done: StoredCommand[] = [];
  for (const { record } of told) {
    const id = record.x['id'];
    if (record.ty !== 'operator.command' || typeof id !== 'string') continue;
    const refused = record.x['refused'];
    const refusal = typeof refused === 'string' ? refused : null;
    const command = await markDone(trx, gatewayId, id, { at: record.t, refusal });
    if (command !== null) done.push(command);
  }
  return done;
}

/** A visit code that opened a door is over, at every door. @see rule SA31 */
async function endUsedCodes(trx: Database, told: readonly Told[]): Promise<boolean> {
  let isChanged = false;
  for (const { record, values } of told) {
    if (record.ty !== 'access.granted') continue;
    const { cred: handle } = values;
    if (handle !== undefined && (await suspendUsedCode(trx, handle))) isChanged = true;
  }
  return isChanged;
}

async function cosignNewest(site: Site, key: JournalKey, now: EpochMs): Promise<string> {
  const newest = await newestCheckpoint(site.db, key);
  if (newest === null) throw new Error('a stored batch has a checkpoint');
  if (newest.isCosigned) return newest.note;
  const note = site.signer.cosign(newest.note, now);
  await saveJournalCheckpoint(site.db, key, { size: newest.size, note, isCosigned: true });
  return note;
}

/**
 * Cosigns what was committed but not cosigned, because the server stopped in between.
 * @param db a transaction that shows committed batches only: none of its own may be cosigned before its commit
 */
export async function cosignPending(
  site: Pick<Site, 'clock' | 'db' | 'signer'>,
  db: Database = site.db,
): Promise<void> {
  const now = site.clock.epochMs();
  for (const pending of await uncosignedCheckpoints(db)) {
    const note = site.signer.cosign(pending.note, now);
    await saveJournalCheckpoint(db, pending, { size: pending.size, note, isCosigned: true });
  }
}

function publish(site: Site, stored: Stored): void {
  const inOrder = stored.events.toSorted((a, b) => a.cursor.position - b.cursor.position);
  for (const { event, sub } of inOrder) {
    const message: { readonly kind: 'event'; readonly event: AccessEvent } = { kind: 'event', event };
    const kind = isSilent(event.type) ? 'silent-alert' : 'event';
    site.live.publish({ message, audience: { kind, personId: sub } });
  }
  for (const command of stored.commands) announceCommand(site, command);
  if (stored.policyVersion !== null) site.policyChanges.publish(stored.policyVersion);
  for (const door of stored.doors) {
    site.live.publish({ message: { kind: 'door', door }, audience: { kind: 'everybody' } });
  }
}
