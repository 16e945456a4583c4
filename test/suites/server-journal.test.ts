import fc from 'fast-check';
import { unzipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  AccessEvent,
  AccessRequest,
  Door,
  EventDetail,
  Integrity,
  JournalHead,
  Occupancy,
  Visit,
} from '#contract/api';
import { verifyBundle } from '#contract/bundle';
import { decodeBase64, utf8 } from '#contract/bytes';
import { parseSignedCheckpoint, verifyCosignature } from '#contract/checkpoint';
import { isIncluded, leafHash } from '#contract/merkle';
import { NO_PREVIOUS_HASH, siteNoteKey } from '#contract/record';
import { roleKey } from '#contract/root-document';
import { cosignPending } from '../../server/audit/ingest.ts';
import { hmacSha256, sha256, verifyEd25519, verifyEs256 } from '../../server/signing/node-crypto.ts';
import { loadRecords, saveJournalCheckpoint } from '../../server/store/journals.ts';
import {
  bodyOf,
  DOOR,
  enrolFakeGateway,
  GATEWAY,
  openTestServer,
  openVisitor,
  SITE_ID,
  wish,
  type FakeGateway,
  type TestClient,
  type TestServer,
  type Visitor,
} from './server-harness.ts';

describe('journal', () => {
  let server: TestServer;
  let admin: TestClient;
  let auditor: TestClient;
  let gateway: FakeGateway;

  beforeEach(async () => {
    server = await openTestServer();
    admin = await server.signIn('admin', ['administrator']);
    auditor = await server.signIn('auditor', ['auditor']);
    gateway = await enrolFakeGateway(server, admin);
  });
  afterEach(() => server.close());

  const count = async (
    table: 'journal_records' | 'openings' | 'site_records' | 'visits',
  ): Promise<number> => {
    const row = await server.site.db
      .selectFrom(table)
      .select((e) => e.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow();
    return Number(row.n);
  };
  const fillJournal = (records: number): void => {
    for (let n = 0; n < records; n++) gateway.append({ ty: 'door.closed', door: DOOR });
  };
  const replaceEntry = (batch: ReturnType<FakeGateway['batch']>, index: number, text: string) => ({
    ...batch,
    entries: batch.entries.map((entry, at) => (at === index ? text : entry)),
  });

  it('SA21: batches continue each other, and the acknowledgement is bound to the hash', async () => {
    expect(await bodyOf<JournalHead>(gateway.head())).toEqual({ size: 0, head: NO_PREVIOUS_HASH });
    fillJournal(3);
    const first = await bodyOf<JournalHead>(gateway.upload(gateway.batch(0)));
    expect(first).toMatchObject({ size: 4 });
    fillJournal(2);
    const second = await bodyOf<JournalHead>(gateway.upload(gateway.batch(4)));
    expect(second).toMatchObject({ size: 6, head: gateway.batch(6).prev });
    expect(await bodyOf<JournalHead>(gateway.head())).toEqual({ size: 6, head: second.head });
    expect(await count('journal_records')).toBe(6);
  });

  it('SA22: a batch that is repeated, whole or in part, changes nothing', async () => {
    fillJournal(4);
    const whole = gateway.batch(0);
    const first = await bodyOf(gateway.upload(whole));
    const site = await count('site_records');
    expect(await bodyOf(gateway.upload(whole))).toEqual(first);
    expect(await bodyOf(gateway.upload(gateway.batch(1, 3)))).toEqual(first);
    expect(await count('journal_records')).toBe(5);
    expect(await count('site_records')).toBe(site);
    fillJournal(1);
    expect(await bodyOf(gateway.upload(gateway.batch(2)))).toMatchObject({ size: 6 });
    expect(await count('journal_records')).toBe(6);
  });

  it('SA22: the same batch twice at the same moment is stored once', async () => {
    fillJournal(4);
    const answers = await Promise.all([gateway.upload(gateway.batch(0)), gateway.upload(gateway.batch(0))]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(await count('journal_records')).toBe(5);
  });

  it('SA21, SA22: in whatever pieces and order batches come, each record is stored once', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 10 }),
        fc.array(fc.tuple(fc.nat({ max: 10 }), fc.nat({ max: 10 })), { maxLength: 8 }),
        async (records, pieces) => {
          run += 1;
          gateway = await enrolFakeGateway(server, admin, `key of run ${run}`);
          fillJournal(records);
          const total = records + 1;
          for (const [a, b] of pieces) {
            const from = Math.min(a, b, total - 1);
            const until = Math.min(Math.max(a, b, from + 1), total);
            const { size } = await bodyOf<JournalHead>(gateway.head());
            expect((await gateway.upload(gateway.batch(from, until))).status).toBe(from > size ? 409 : 200);
          }
          const { size } = await bodyOf<JournalHead>(gateway.head());
          if (size < total) await gateway.upload(gateway.batch(size));
          const rows = await loadRecords(server.site.db, { gatewayId: GATEWAY, epoch: gateway.epoch }, 0, 99);
          expect(rows.map(({ text }) => text)).toEqual(gateway.entries);
        },
      ),
      { seed: 20_260_312, numRuns: 15 },
    );
  }, 30_000);

  it('SA23: a gap is refused, and the answer says from where to go on', async () => {
    fillJournal(4);
    const gap = await gateway.upload(gateway.batch(2));
    expect(gap.status).toBe(409);
    expect(await bodyOf(gap)).toMatchObject({
      code: 'journal-gap',
      head: { size: 0, head: NO_PREVIOUS_HASH },
    });
    expect(await count('journal_records')).toBe(0);
  });

  it('SA23: a contradiction is refused and nothing of it is stored', async () => {
    fillJournal(3);
    await gateway.upload(gateway.batch(0));
    const batch = gateway.batch(0);
    const changed = [
      replaceEntry(batch, 2, batch.entries[3] ?? ''),
      { ...batch, gen: gateway.batch(2).prev },
      { ...gateway.batch(2), prev: gateway.batch(1).prev },
    ];
    for (const each of changed) {
      const answer = await gateway.upload(each);
      expect(answer.status).toBe(409);
      expect(await bodyOf(answer)).toMatchObject({ code: 'journal-conflict', head: { size: 4 } });
    }
    expect(await count('journal_records')).toBe(4);
  });

  it('SA24: bytes that are no genuine record are refused at their place', async () => {
    fillJournal(3);
    const batch = gateway.batch(0);
    const third = JSON.parse(batch.entries[2] ?? '') as Record<string, unknown>;
    const written = (changes: Record<string, unknown>): string => {
      const fields = { ...third, ...changes };
      return JSON.stringify(Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))));
    };
    const cases: readonly (readonly [string, string])[] = [
      [`${batch.entries[2]} `, 'not-canonical'],
      ['not json', 'not-json'],
      [JSON.stringify({ v: 1 }), 'not-a-record'],
      [written({ extra: 1 }), 'not-a-record'],
      [written({ gw: 'gw-lain' }), 'another-gateway'],
      [written({ ep: 2 }), 'another-epoch'],
      [written({ sq: 3 }), 'not-dense'],
      [written({ ph: NO_PREVIOUS_HASH }), 'link-broken'],
      [written({ t: 1.5 }), 'number-not-integer'],
    ];
    for (const [text, code] of cases) {
      const answer = await gateway.upload(replaceEntry(batch, 2, text));
      expect(answer.status).toBe(422);
      expect(await bodyOf(answer)).toMatchObject({
        code: 'journal-invalid',
        errors: [{ pointer: '/entries/2', code }],
      });
    }
    expect(await count('journal_records')).toBe(0);
  });

  it('SA24: the first record opens the epoch', async () => {
    const batch = gateway.batch(0);
    const first = JSON.parse(batch.entries[0] ?? '') as Record<string, unknown>;
    const text = JSON.stringify(
      Object.fromEntries(Object.entries({ ...first, ty: 'boot' }).sort(([a], [b]) => (a < b ? -1 : 1))),
    );
    expect(await bodyOf(gateway.upload(replaceEntry(batch, 0, text)))).toMatchObject({
      errors: [{ pointer: '/entries/0', code: 'epoch-not-opened' }],
    });
    expect(await bodyOf(gateway.upload({ ...batch, gen: NO_PREVIOUS_HASH }))).toMatchObject({
      errors: [{ pointer: '/gen', code: 'not-the-first-record' }],
    });
  });

  it('SA24: an epoch that was never opened is refused', async () => {
    const answer = await gateway.request('POST', 'gateway/journal/2', JSON.stringify(gateway.batch(0)));
    expect(answer.status).toBe(422);
  });

  it('SA25: openings are complete, true, and of this journal', async () => {
    gateway.append({
      ty: 'access.denied',
      door: DOOR,
      rs: 'no-permit',
      personal: { cred: `c_${'x'.repeat(43)}` },
    });
    const batch = gateway.batch(0);
    const [opening] = batch.openings;
    const cases: readonly (readonly [unknown[], string, string])[] = [
      [[], '/openings', 'opening-missing'],
      [[{ ...opening, value: 'c_other' }], '/openings/0', 'opening-mismatch'],
      [[opening, { ...opening, field: 'sub' }], '/openings/1', 'opens-nothing'],
      [[opening, opening], '/openings/1', 'opens-nothing'],
      [[{ ...opening, gw: 'gw-lain' }], '/openings/0', 'another-journal'],
      [[{ ...opening, sq: 9 }], '/openings/0', 'opens-nothing'],
    ];
    for (const [openings, pointer, code] of cases) {
      const answer = await gateway.upload({ ...batch, openings: openings as typeof batch.openings });
      expect(await bodyOf(answer)).toMatchObject({ code: 'journal-invalid', errors: [{ pointer, code }] });
    }
    expect((await gateway.upload(batch)).status).toBe(200);
    expect(await count('openings')).toBe(1);
    expect((await gateway.upload(batch)).status).toBe(200);
    expect(await count('openings')).toBe(1);
  });

  it('SA26: the checkpoint is by this gateway, over this size and this tree', async () => {
    fillJournal(2);
    const batch = gateway.batch(0);
    const stranger = await openTestServer();
    const other = await enrolFakeGateway(
      stranger,
      await stranger.signIn('admin', ['administrator']),
      'other key',
    );
    fillJournal(1);
    const longer = gateway.batch(0).checkpoint;
    other.append({ ty: 'door.opened', door: DOOR });
    other.append({ ty: 'door.opened', door: DOOR });
    const cases: readonly (readonly [string, string])[] = [
      ['nonsense', 'malformed'],
      [other.batch(0).checkpoint, 'wrong-key'],
      [longer, 'another-size'],
      [gateway.checkpointOf(3, [leafHash(sha256, utf8('something else'))]), 'another-root'],
      [batch.checkpoint.replace(SITE_ID, 'situs-lain'), 'wrong-origin'],
      [batch.checkpoint.replace(/^(.*\n.*\n)./, '$1A'), 'wrong-key'],
    ];
    await stranger.close();
    for (const [checkpoint, code] of cases) {
      expect(await bodyOf(gateway.upload({ ...batch, checkpoint }))).toMatchObject({
        code: 'journal-invalid',
        errors: [{ pointer: '/checkpoint', code }],
      });
    }
    expect(await count('journal_records')).toBe(0);
  });

  it('SH4, SH6: an upload without the form, or over its limit, is refused', async () => {
    const batch = gateway.batch(0);
    const noForm = await gateway.request('POST', 'gateway/journal/1', JSON.stringify({ ...batch, from: -1 }));
    expect(noForm.status).toBe(400);
    expect(await bodyOf(noForm)).toMatchObject({ errors: [{ pointer: '/from' }] });
    const many = { ...batch, entries: Array.from({ length: 501 }, () => '{}') };
    expect((await gateway.upload(many)).status).toBe(400);
    const huge = { ...batch, entries: Array.from({ length: 200 }, () => 'x'.repeat(50_000)) };
    expect((await gateway.upload(huge)).status).toBe(413);
  });

  it('SA27: the answer carries the server’s cosignature over what is committed', async () => {
    fillJournal(1);
    const { checkpoint } = await bodyOf<{ checkpoint: string }>(gateway.upload(gateway.batch(0)));
    const note = parseSignedCheckpoint(utf8(checkpoint));
    const key = roleKey(server.site.rootChain[0].root, 'log', 'log-1');
    if (!note.ok || key === null) throw new Error('no note');
    expect(note.value.checkpoint.size).toBe(2);
    const ports = { sha256, verify: verifyEd25519 };
    expect(await verifyCosignature(ports, note.value, siteNoteKey(SITE_ID, key))).toEqual({
      ok: true,
      value: server.clock.epochMs() / 1000,
    });
  });

  it('SA27: a cosignature that a crash left out is made up for', async () => {
    fillJournal(1);
    const batch = gateway.batch(0);
    const { checkpoint } = await bodyOf<{ checkpoint: string }>(gateway.upload(batch));
    const key = { gatewayId: GATEWAY, epoch: 1 };
    const uncosigned = { size: 2, note: batch.checkpoint, isCosigned: false };
    await saveJournalCheckpoint(server.site.db, key, uncosigned);
    expect(await bodyOf(gateway.upload(batch))).toMatchObject({ checkpoint });
    await saveJournalCheckpoint(server.site.db, key, uncosigned);
    await cosignPending(server.site);
    const row = await server.site.db.selectFrom('journal_checkpoints').selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({ note: checkpoint, is_cosigned: 1 });
  });

  describe('of a visit', () => {
    let visitor: Visitor;
    let request: AccessRequest;
    let personal: { sub: string; pm: string; cred: string };

    beforeEach(async () => {
      visitor = await openVisitor(server);
      const supervisor = await server.signIn('atasan', ['supervisor']);
      const filed = await bodyOf<AccessRequest>(visitor.client.post('requests', wish(server)));
      request = await bodyOf<AccessRequest>(supervisor.post(`requests/${filed.id}/approve`));
      personal = { sub: visitor.person.id, pm: request.permitId ?? '', cred: visitor.handle };
    });

    const enter = (): void => {
      const x = { checked: ['known-credential', 'permit-valid'], pulse: '1/1', releaseMs: 5000 };
      const of = gateway.append({ ty: 'access.granted', door: DOOR, dir: 'in', pol: 2, x, personal });
      gateway.append({ ty: 'lock.released', door: DOOR, x: { of } });
      server.clock.advance(2000);
      gateway.append({ ty: 'door.opened', door: DOOR, x: { cause: 'granted', of } });
      gateway.append({
        ty: 'access.outcome',
        door: DOOR,
        rs: 'entered',
        x: { of },
        personal: { sub: personal.sub },
      });
      gateway.append({ ty: 'door.closed', door: DOOR });
      gateway.append({ ty: 'lock.secured', door: DOOR });
    };
    const leave = (): void => {
      server.clock.advance(600_000);
      const { sub, cred } = personal;
      gateway.append({ ty: 'exit.recorded', door: DOOR, dir: 'out', personal: { sub, cred } });
    };
    const uploadAll = async (): Promise<void> => {
      const { size } = await bodyOf<JournalHead>(gateway.head());
      expect((await gateway.upload(gateway.batch(size))).status).toBe(200);
    };

    it('SA28: entry and exit show in door, visits and occupancy', async () => {
      enter();
      await uploadAll();
      const door = await bodyOf<Door>(auditor.get(`doors/${DOOR}`));
      expect(door.state).toMatchObject({ lock: 'secured', contact: 'closed', alarm: 'none', occupancy: 1 });
      expect(door.state.gatewaySeenAt).not.toBeNull();
      const inside = await bodyOf<Occupancy>(auditor.get('occupancy'));
      expect(inside.rooms).toMatchObject([
        { count: 1, inside: [{ personName: 'Orang teknisi', requestId: request.id, leftAt: null }] },
      ]);
      leave();
      await uploadAll();
      const visits = await bodyOf<{ items: Visit[] }>(auditor.get('visits'));
      expect(visits.items).toMatchObject([{ certainty: 'sure', doorId: DOOR, personId: visitor.person.id }]);
      expect(Date.parse(visits.items[0]?.leftAt ?? '') - Date.parse(visits.items[0]?.enteredAt ?? '')).toBe(
        600_000,
      );
      expect((await bodyOf<Occupancy>(auditor.get('occupancy'))).rooms).toMatchObject([
        { count: 0, inside: [] },
      ]);
    });

    it('SA28: events carry names and numbers from the openings, newest first, and can be filtered', async () => {
      gateway.append({
        ty: 'access.denied',
        door: DOOR,
        rs: 'unknown-credential',
        personal: { cred: `c_${'z'.repeat(43)}` },
      });
      enter();
      leave();
      await uploadAll();
      const list = (query: string) => bodyOf<{ items: AccessEvent[] }>(auditor.get(`events?${query}`));
      const all = (await list('')).items;
      expect(all.map(({ type }) => type)).toEqual(
        [...gateway.entries].reverse().map((text) => (JSON.parse(text) as { ty: string }).ty),
      );
      const granted = all.find(({ type }) => type === 'access.granted');
      expect(granted).toMatchObject({
        personName: 'Orang teknisi',
        requestId: request.id,
        requestNumber: request.number,
        direction: 'in',
      });
      expect((await list('reason=unknown-credential')).items).toMatchObject([
        { type: 'access.denied', personName: null, severity: 'warning' },
      ]);
      expect((await list('type=door.opened')).items).toHaveLength(1);
      expect((await list(`q=${encodeURIComponent('TEKNISI')}`)).items).toHaveLength(3);
      expect((await list(`q=${encodeURIComponent(request.number)}`)).items).toMatchObject([
        { type: 'access.granted' },
      ]);
      expect((await list('q=%25')).items).toEqual([]);
      expect((await list('doorId=lain')).items).toEqual([]);
      const until = granted?.at ?? '';
      expect((await list(`until=${until}`)).items).toEqual([]);
      expect((await list(`from=${until}&severity=warning`)).items).toHaveLength(1);
    });

    it('SS6: pages of events show each once', async () => {
      enter();
      leave();
      await uploadAll();
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page: { items: AccessEvent[]; nextCursor: string | null } = await bodyOf(
          auditor.get(`events?limit=3${cursor === null ? '' : `&cursor=${cursor}`}`),
        );
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor;
      } while (cursor !== null);
      expect(seen).toEqual(gateway.entries.map((_text, sq) => `${GATEWAY}/1/${sq}`).reverse());
    });

    it('SH13: a technician sees no events or visits of others', async () => {
      enter();
      await uploadAll();
      const other = await openVisitor(server, 'teknisi2');
      const seen = await bodyOf<{ items: AccessEvent[] }>(other.client.get('events'));
      expect(seen.items.filter(({ personName }) => personName !== null)).toEqual([]);
      expect(seen.items.some(({ type }) => type.startsWith('access.'))).toBe(false);
      expect(await bodyOf(other.client.get('visits'))).toMatchObject({ items: [] });
      expect(await bodyOf(other.client.get('occupancy'))).toMatchObject({
        rooms: [{ count: 1, inside: [] }],
      });
      expect((await other.client.get(`events/${GATEWAY}/1/1`)).status).toBe(404);
      expect((await visitor.client.get(`events/${GATEWAY}/1/1`)).status).toBe(200);
      expect(await bodyOf(visitor.client.get('visits'))).toMatchObject({ items: [{ certainty: 'sure' }] });
    });

    it('SA28: the detail of an event proves it', async () => {
      enter();
      await uploadAll();
      const detail = await bodyOf<EventDetail>(auditor.get(`events/${GATEWAY}/1/1`));
      expect(detail).toMatchObject({
        type: 'access.granted',
        record: gateway.entries[1],
        checked: ['known-credential', 'permit-valid'],
      });
      const note = parseSignedCheckpoint(utf8(detail.proof?.checkpoint ?? ''));
      if (!note.ok) throw new Error(note.error);
      const { root, size } = note.value.checkpoint;
      const proof = (detail.proof?.hashes ?? []).map((hash) => {
        const bytes = decodeBase64(hash);
        if (!bytes.ok) throw new Error(bytes.error);
        return bytes.value;
      });
      const leaf = leafHash(sha256, utf8(detail.record));
      expect(isIncluded(sha256, { index: 1, size, leaf, root }, proof)).toBe(true);
      expect(isIncluded(sha256, { index: 2, size, leaf, root }, proof)).toBe(false);
      const encoded = await bodyOf<EventDetail>(
        auditor.get(`events/${encodeURIComponent(`${GATEWAY}/1/1`)}`),
      );
      expect(encoded).toEqual(detail);
      expect((await auditor.get(`events/${GATEWAY}/1/99`)).status).toBe(404);
      expect((await auditor.get('events/none')).status).toBe(404);
    });

    it('SA28: who watches is told of each event once, and of the door after it', async () => {
      const reader = server.site.live.read();
      enter();
      const batch = gateway.batch(0);
      await gateway.upload(batch);
      await gateway.upload(batch);
      const messages = reader.take().items.map(({ value }) => value.message);
      const events = messages.flatMap((message) => (message.kind === 'event' ? [message.event.seq] : []));
      expect(events).toEqual(gateway.entries.map((_text, sq) => sq));
      expect(messages.at(-1)).toMatchObject({ kind: 'door', door: { id: DOOR, state: { occupancy: 1 } } });
    });

    it('SA29: the export verifies with the auditor’s own code, and one changed byte does not', async () => {
      enter();
      await uploadAll();
      leave();
      await uploadAll();
      const answer = await auditor.get('evidence/export');
      expect(answer.headers.get('content-disposition')).toContain(
        `palang-evidence-${SITE_ID}-2026-03-12.zip`,
      );
      const files = new Map(Object.entries(unzipSync(new Uint8Array(await answer.arrayBuffer()))));
      const ports = { sha256, hmac: hmacSha256, verify: verifyEd25519, verifyEs256 };
      const verdict = await verifyBundle(files, ports);
      expect(verdict).toMatchObject({ ok: true, value: { site: SITE_ID } });

      const path = `journal/${GATEWAY}/1.jsonl`;
      const changed = Uint8Array.from(files.get(path) ?? []);
      const at = changed.indexOf('"'.charCodeAt(0)) + 1;
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect((await verifyBundle(new Map(files).set(path, changed), ports)).ok).toBe(false);

      const report = await bodyOf<Integrity>(auditor.get('evidence/integrity'));
      expect(report).toMatchObject({ isIntact: true });
      expect(report.logs.map(({ origin, size, signedSize }) => [origin, size === signedSize])).toEqual([
        [`${SITE_ID}/site-log`, true],
        [`${SITE_ID}/${GATEWAY}/1`, true],
      ]);
    });

    it('SA29: a period limits the openings, never the records', async () => {
      enter();
      await uploadAll();
      const query = 'from=2020-01-01T00:00:00.000Z&until=2020-02-01T00:00:00.000Z';
      const answer = await auditor.get(`evidence/export?${query}`);
      const files = unzipSync(new Uint8Array(await answer.arrayBuffer()));
      expect(files['openings.jsonl']).toHaveLength(0);
      const lines = new TextDecoder().decode(files[`journal/${GATEWAY}/1.jsonl`]).trimEnd().split('\n');
      expect(lines).toEqual(gateway.entries);
    });

    it('SA29: a byte that was changed in the database is found', async () => {
      enter();
      await uploadAll();
      await server.site.db
        .updateTable('journal_records')
        .set({ record: (gateway.entries[1] ?? '').replace('access.granted', 'access.denied') })
        .where('seq', '=', 1)
        .execute();
      const report = await bodyOf<Integrity>(auditor.get('evidence/integrity'));
      expect(report.isIntact).toBe(false);
      expect(report.logs.find(({ origin }) => origin === `${SITE_ID}/${GATEWAY}/1`)?.finding).toMatchObject({
        file: `journal/${GATEWAY}/1.jsonl`,
      });
    });
  });
});
