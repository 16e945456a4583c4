import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { eventSchema, pageOf, requestSchema, type AccessEvent } from '#contract/api';
import { attendanceSchema, checkedInSchema, requestDetailSchema } from '#contract/api-visit';
import type { EventType } from '#contract/event';
import type { JournalRecord } from '#contract/record';
import { signIn, type ApiClient } from '../../../deploy/all-in-one/api-client.ts';
import { permitArrives } from '../../../deploy/story/permit-arrival.ts';
import { admit, draftOf, type Technician } from '../../../deploy/story/technicians.ts';
import { waitFor } from '../../../deploy/story/wait-for.ts';
import { openTestSite, type TestSite } from '../test-site.ts';

const SEEN_MS = 20_000;
const HOUR_MS = 3_600_000;
const VISITOR_CARD = 'em:6F007B5C33';
const RULES_HASH = 'A'.repeat(43);
const anything = z.unknown();

let site: TestSite;
/** Files the request, and later holds a sealed card. */
let host: Technician;
let escort: Technician;
let officer: ApiClient;
let supervisor: ApiClient;
let administrator: ApiClient;

beforeAll(async () => {
  site = await openTestSite();
  [host, escort] = site.technicians;
  [officer, supervisor, administrator] = await Promise.all([
    site.signInAs('officer'),
    site.signInAs('supervisor'),
    site.signInAs('administrator'),
  ]);
  const password = site.demo.accounts.find(({ role }) => role === 'administrator')?.password ?? '';
  await administrator.post('/session/step-up', { password }, anything);
  await admit(site, site.journal, escort);
  const { status } = await administrator.send('PUT', '/rooms/ruang-server', {
    name: 'Ruang Server 1',
    needsVerification: true,
  });
  if (status !== 200) throw new Error(`the room was answered ${status}`);
}, 180_000);

afterAll(() => site?.close());

const problemSchema = z.looseObject({
  code: z.string(),
  errors: z.array(z.looseObject({ code: z.string() })).optional(),
});

/** A refusal: its status, its code, and what each of its findings is. */
async function refusalOf(api: ApiClient, path: string, body: unknown): Promise<readonly unknown[]> {
  const answer = await api.send('POST', path, body);
  const problem = problemSchema.parse(JSON.parse(answer.body.toString('utf8')));
  return [answer.status, problem.code, ...(problem.errors ?? []).map(({ code }) => code)];
}

/** Presents a card and counts what the relay did until the gateway had answered and the lock was shut again. */
async function present(
  card: string,
  reader: 'entry' | 'exit' = 'entry',
): Promise<{ readonly record: JournalRecord; readonly releases: number }> {
  const since = site.journal.newest();
  const before = await site.door.releases();
  await site.door.presentCard(reader, card);
  const answers: readonly EventType[] = ['access.granted', 'access.denied', 'exit.recorded'];
  const record = await waitFor('the answer', SEEN_MS, () =>
    site.journal.records().find(({ sq, ty }) => sq > since && answers.includes(ty)),
  );
  if (record.ty !== 'access.denied') {
    await waitFor('the relay', SEEN_MS, async () => (await site.door.releases()) > before || undefined);
    await waitFor('the lock', SEEN_MS, async () => (await site.door.state()).lock === 'secured' || undefined);
  }
  return { record, releases: (await site.door.releases()) - before };
}

/** Walks through the door with a card; the leaf gives way only while the relay releases it. */
async function walk(card: string, reader: 'entry' | 'exit'): Promise<JournalRecord> {
  const since = site.journal.newest();
  const before = await site.door.releases();
  await site.door.presentCard(reader, card);
  await waitFor('the leaf to give way', SEEN_MS, async () => (await site.door.push()) || undefined);
  expect((await site.door.releases()) - before).toBe(1);
  const record = await site.recordOf(reader === 'entry' ? 'access.granted' : 'exit.recorded', since);
  const outcome = reader === 'entry' ? (await site.recordOf('access.outcome', since)).rs : 'left';
  expect(outcome).toBe(reader === 'entry' ? 'entered' : 'left');
  await site.door.closeDoor();
  await site.recordOf('door.closed', since);
  await waitFor('the lock', SEEN_MS, async () => (await site.door.state()).lock === 'secured' || undefined);
  return record;
}

/** What the server makes of a record of the journal. */
async function toldOf(record: JournalRecord): Promise<AccessEvent> {
  const auditor = await site.signInAs('auditor');
  return waitFor('the event', SEEN_MS, async () => {
    const { items } = await auditor.get(`/events?type=${record.ty}&limit=100`, pageOf(eventSchema));
    return items.find(({ seq }) => seq === record.sq);
  });
}

const detailOf = (id: string) => officer.get(`/requests/${id}`, requestDetailSchema);

describe('stories of a visit from the desk to the door', () => {
  it(
    'SD39, SD49, SD45, SD40, D31: a vendor with an escort, from the request over desk and relay to the closing',
    { timeout: 180_000 },
    async () => {
      const nowMs = Date.now();
      const filed = await host.api.post(
        '/requests',
        {
          ...draftOf(nowMs, nowMs + 2 * HOUR_MS),
          purpose: 'NET-TRB',
          description: 'Gangguan switch inti',
          visitor: { name: 'Rudi Contoh', organisation: 'PT Contoh', kind: 'vendor' },
          escortIds: [escort.id],
          workOrder: 'SPK/12/2026',
          equipment: [{ kind: 'laptop', brand: 'Contoh', serial: 'LP-77' }],
        },
        requestSchema,
      );
      const { subject } = await detailOf(filed.id);
      await administrator.post('/credentials', { personId: subject.id, card: VISITOR_CARD }, anything);

      // Nobody approves before the escort agreed and the officer looked.
      expect(await refusalOf(officer, `/requests/${filed.id}/verify`, {})).toEqual([422, 'escort-missing']);
      await escort.api.post(`/requests/${filed.id}/escort`, { accepts: true }, anything);
      expect((await refusalOf(supervisor, `/requests/${filed.id}/approve`, {}))[1]).toBe('not-verified');
      await officer.post(`/requests/${filed.id}/verify`, {}, anything);
      const approved = await supervisor.post(`/requests/${filed.id}/approve`, {}, requestSchema);
      expect([approved.state, approved.permitId]).toEqual(['approved', null]);
      // Approved, and still nothing at the door: the permit is made at the desk.
      const early = await present(VISITOR_CARD);
      expect([early.record.rs, early.releases]).toEqual(['no-permit', 0]);

      const visit = await officer.post(
        '/visits/check-in',
        {
          requestId: filed.id,
          identity: { kind: 'ktp', lastFour: '0042' },
          badgeNumber: 'T-07',
          rulesHash: RULES_HASH,
          escortId: escort.id,
        },
        checkedInSchema,
      );
      expect(visit).toMatchObject({
        state: 'checked-in',
        identity: { kind: 'ktp', lastFour: '0042' },
        badgeNumber: 'T-07',
        escortName: escort.name,
      });
      await permitArrives(site.home.gatewayDir, site.journal, (await detailOf(filed.id)).permitId);

      const alone = await present(VISITOR_CARD);
      expect([alone.record.rs, alone.releases]).toEqual(['escort-required', 0]);
      await walk(escort.card, 'entry');
      const granted = await walk(VISITOR_CARD, 'entry');
      const told = await toldOf(granted);
      expect(told).toMatchObject({
        type: 'access.granted',
        requestId: filed.id,
        requestNumber: filed.number,
        personName: 'Rudi Contoh',
      });
      await waitFor(
        'the visit to be inside',
        SEEN_MS,
        async () => (await detailOf(filed.id)).state === 'inside' || undefined,
      );
      const closing = {
        isBadgeReturned: true,
        checked: ['area-tidy', 'rack-locked', 'console-locked', 'service-checked'],
        report: { downtimeMinutes: 12, rootCause: 'Catu daya' },
      };
      const path = `/visits/${visit.id}/check-out`;
      expect((await refusalOf(officer, path, closing))[1]).toBe('still-inside');

      await walk(VISITOR_CARD, 'exit');
      await walk(escort.card, 'exit');
      await waitFor(
        'the visit to have left',
        SEEN_MS,
        async () => (await detailOf(filed.id)).state === 'left' || undefined,
      );
      // The laptop that came in is neither out nor handed over.
      expect(await refusalOf(officer, path, closing)).toEqual([
        422,
        'visit-not-reconciled',
        'equipment-open',
      ]);
      const equipment = visit.equipment.map(({ id }) => ({ id, outcome: 'taken-out' }));
      const closed = await officer.post(path, { ...closing, equipment }, attendanceSchema);
      expect([closed.state, closed.equipment[0]?.outcome]).toEqual(['closed', 'taken-out']);
      expect((await detailOf(filed.id)).state).toBe('closed');

      // What was closed opens no more: the order to forget the permit has reached the door.
      await waitFor('the end of the permit', 60_000, async () => {
        const after = await present(VISITOR_CARD);
        expect(after.releases).toBe(0);
        return after.record.rs === 'no-permit' || after.record.rs === 'revoked' || undefined;
      });
    },
  );

  it(
    'GL40, SD46: a sealed card opens for two, and its review is due within a day without anybody asking',
    { timeout: 120_000 },
    async () => {
      // A card of this class is approved by two officials.
      const account = { username: 'kepala.bidang', password: 'kata-sandi-contoh-7' };
      await administrator.post(
        '/people',
        { name: 'Wahyu Contoh', organisation: 'Dinas Contoh', roles: ['supervisor'], ...account },
        anything,
      );
      const head = await signIn(site.server, account);
      const nowMs = Date.now();
      const wish = { ...draftOf(nowMs, nowMs + 30 * 24 * HOUR_MS), purpose: 'DRT', kind: 'standing' };
      const sealed = await host.api.post('/requests', wish, requestSchema);
      await officer.post(`/requests/${sealed.id}/verify`, {}, anything);
      const half = await supervisor.post(`/requests/${sealed.id}/approve`, {}, requestSchema);
      expect(half.permitId).toBeNull();
      const { permitId } = await head.post(`/requests/${sealed.id}/approve`, {}, requestSchema);
      await permitArrives(site.home.gatewayDir, site.journal, permitId);

      const alone = await present(host.card);
      expect([alone.record.rs, alone.releases]).toEqual(['second-person-required', 0]);
      const since = site.journal.newest();
      expect((await present(escort.card)).releases).toBe(1);
      const used = await site.recordOf('emergency.used', since);
      expect((await toldOf(used)).severity).toBe('alarm');

      const review = await waitFor('the review', SEEN_MS, async () => {
        const { items } = await supervisor.get('/requests?scope=waiting', pageOf(requestSchema));
        return items.find(({ state }) => state === 'emergency');
      });
      const { purpose, subject, answerDueAt, permitId: opened } = await detailOf(review.id);
      expect([purpose, subject.id, opened]).toEqual(['DRT', host.id, null]);
      // A day from the entry; a window counts whole seconds.
      const dueMs = Date.parse(answerDueAt ?? '') - used.t;
      expect(Math.abs(dueMs - 24 * HOUR_MS)).toBeLessThanOrEqual(1000);
      expect((await refusalOf(host.api, `/requests/${review.id}/approve`, {}))[0]).toBe(403);
      await supervisor.post(`/requests/${review.id}/approve`, {}, anything);
      expect((await detailOf(review.id)).permitId).toBeNull();
    },
  );
});
