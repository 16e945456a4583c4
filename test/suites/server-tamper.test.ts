import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyBundle, type BundleVerdict } from '#contract/bundle';
import { checkExtension } from '#contract/bundle-extension';
import { BUNDLE_PATHS, journalCheckpointsPath, journalPath } from '#contract/bundle-format';
import { utf8 } from '#contract/bytes';
import { decodeRecord, encodeRecord, recordHash } from '#contract/record';
import { exportEvidence } from '../../server/audit/evidence-desk.ts';
import { assertionPorts, hmacSha256, sha256 } from '../../server/signing/node-crypto.ts';
import {
  DOOR,
  enrolFakeGateway,
  GATEWAY,
  openTestServer,
  type FakeGateway,
  type TestServer,
} from './server-harness.ts';

const JOURNAL = journalPath(GATEWAY, 1);
const NOTES = journalCheckpointsPath(GATEWAY, 1);

let server: TestServer;
let gateway: FakeGateway;

beforeEach(async () => {
  server = await openTestServer();
  gateway = await enrolFakeGateway(server, await server.signIn('admin', ['administrator']));
  for (let n = 0; n < 4; n++) gateway.append({ ty: 'door.opened', door: DOOR, x: { n } });
  await gateway.upload(gateway.batch(0));
  for (let n = 4; n < 7; n++) gateway.append({ ty: 'door.closed', door: DOOR, x: { n } });
  if ((await gateway.upload(gateway.batch(5))).status !== 200) throw new Error('not taken');
});
afterEach(() => server.close());

const bundle = async (): Promise<ReadonlyMap<string, Uint8Array>> =>
  (await exportEvidence(server.site, 'test', { from: null, until: null })).files;
const judge = (files: ReadonlyMap<string, Uint8Array>): Promise<BundleVerdict> =>
  verifyBundle(files, { ...assertionPorts, hmac: hmacSha256 });

async function findingOf(): Promise<unknown> {
  const verdict = await judge(await bundle());
  return verdict.ok ? 'intact' : verdict.error;
}

/** Does something to the database, looks at what the verification says of it, and undoes it. */
async function after(change: () => Promise<unknown>, undo: () => Promise<unknown>): Promise<unknown> {
  await change();
  const finding = await findingOf();
  await undo();
  return finding;
}

describe('a hostile administrator of the database', () => {
  const records = () => server.site.db.selectFrom('journal_records').selectAll().orderBy('seq').execute();
  const setText = (seq: number, record: string) =>
    server.site.db.updateTable('journal_records').set({ record }).where('seq', '=', seq).execute();

  it('SA41: each record of a journal that is changed, removed, doubled or swapped is named', async () => {
    const rows = await records();
    expect(rows).toHaveLength(8);
    expect(await findingOf()).toBe('intact');
    const { db } = server.site;
    for (const row of rows) {
      const { seq, record } = row;
      const line = seq + 1;
      const undo = () => setText(seq, record);
      const changed = record.replace('"tq":3', '"tq":2');
      expect(changed).not.toBe(record);
      expect(await after(() => setText(seq, changed), undo)).toMatchObject({
        file: JOURNAL,
        line,
        reason: 'changed',
      });

      const remove = () => db.deleteFrom('journal_records').where('seq', '=', seq).execute();
      const putBack = () => db.insertInto('journal_records').values(row).execute();
      expect(await after(remove, putBack)).toMatchObject({ file: JOURNAL, line, reason: 'removed' });

      const next = rows[seq + 1];
      if (next === undefined) continue;
      const swap = async () => {
        await setText(seq, next.record);
        await setText(next.seq, record);
      };
      const swapBack = async () => {
        await setText(seq, record);
        await setText(next.seq, next.record);
      };
      expect(await after(swap, swapBack)).toMatchObject({ file: JOURNAL, line, reason: 'reordered' });
      expect(
        await after(
          () => setText(next.seq, record),
          () => setText(next.seq, next.record),
        ),
      ).toMatchObject({
        file: JOURNAL,
      });
    }
    expect(await findingOf()).toBe('intact');
  }, 120_000);

  it('SA41: a record behind the end, and an end that is cut off together with its checkpoint, are named', async () => {
    const { db } = server.site;
    const rows = await records();
    const last = rows.at(-1)!;
    const decoded = decodeRecord(utf8(last.record));
    if (!decoded.ok) throw new Error(decoded.error);
    const bytes = encodeRecord({ ...decoded.value, sq: 8, ph: recordHash(sha256, utf8(last.record)) });
    const extra = {
      ...last,
      position: last.position + 1000,
      seq: 8,
      record: new TextDecoder().decode(bytes),
      leaf_hash: recordHash(sha256, bytes),
    };
    expect(
      await after(
        () => db.insertInto('journal_records').values(extra).execute(),
        () => db.deleteFrom('journal_records').where('seq', '=', 8).execute(),
      ),
    ).toMatchObject({ file: JOURNAL, line: 9, reason: 'unsigned' });

    await db.deleteFrom('journal_records').where('seq', '>=', 5).execute();
    await db.deleteFrom('journal_checkpoints').where('size', '>', 5).execute();
    expect(await findingOf()).toMatchObject({ file: JOURNAL, line: 6, reason: 'removed' });
  }, 60_000);

  it('SA41: a whole history that is written anew, with right links and hashes, lacks the signatures', async () => {
    const rows = await records();
    let ph: string | null = null;
    for (const { seq, record } of rows) {
      const decoded = decodeRecord(utf8(record));
      if (!decoded.ok) throw new Error(decoded.error);
      const changed = seq === 2 ? { door: 'gudang' } : {};
      const bytes = encodeRecord({ ...decoded.value, ...changed, ph: ph ?? decoded.value.ph });
      ph = recordHash(sha256, bytes);
      await setText(seq, new TextDecoder().decode(bytes));
    }
    expect(await findingOf()).toMatchObject({ file: JOURNAL, line: 5, reason: 'changed' });
  });

  it('SA41: each record of the site log that is changed or removed is named', async () => {
    const { db } = server.site;
    const rows = await db.selectFrom('site_records').selectAll().orderBy('seq').execute();
    expect(rows.length).toBeGreaterThan(3);
    const setSite = (seq: number, record: string) =>
      db.updateTable('site_records').set({ record }).where('seq', '=', seq).execute();
    for (const row of rows) {
      const { seq, record } = row;
      const line = seq + 1;
      const changed = record.replace(/"t":(\d+)/, (_, t: string) => `"t":${Number(t) + 1}`);
      expect(
        await after(
          () => setSite(seq, changed),
          () => setSite(seq, record),
        ),
      ).toMatchObject({
        file: BUNDLE_PATHS.siteLog,
        line,
        reason: 'changed',
      });
      expect(
        await after(
          () => db.deleteFrom('site_records').where('seq', '=', seq).execute(),
          () => db.insertInto('site_records').values(row).execute(),
        ),
      ).toMatchObject({ file: BUNDLE_PATHS.siteLog, line, reason: 'removed' });
    }
  }, 60_000);

  it('SA41: checkpoints that are removed or bent are named', async () => {
    const { db } = server.site;
    const notes = await db.selectFrom('journal_checkpoints').selectAll().orderBy('size').execute();
    for (const row of notes) {
      const gone = () => db.deleteFrom('journal_checkpoints').where('size', '=', row.size).execute();
      const putBack = () => db.insertInto('journal_checkpoints').values(row).execute();
      const finding = await after(gone, putBack);
      expect(finding).toMatchObject(
        row.size === 8 ? { file: JOURNAL, line: 6, reason: 'unsigned' } : { file: NOTES, reason: 'removed' },
      );
    }
  });

  it('C30: an older bundle is shown again: it is whole by itself, and known by the one that somebody kept', async () => {
    const older = await bundle();
    gateway.append({ ty: 'door.forced', door: DOOR });
    await gateway.upload(gateway.batch(8));
    const newer = await bundle();
    expect((await judge(older)).ok).toBe(true);
    expect(checkExtension(sha256, newer, older)).toMatchObject({ ok: true });
    expect(checkExtension(sha256, older, newer)).toMatchObject({ ok: false, error: { reason: 'replayed' } });
  });
});
