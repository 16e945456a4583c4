import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { eventSchema, pageOf, requestSchema } from '#contract/api';
import { commandSchema, visitCodeTicketSchema } from '#contract/api-door';
import type { DoorRules } from '#contract/door-rules';
import type { EventType } from '#contract/event';
import type { JournalRecord } from '#contract/record';
import type { ApiClient } from '../../../deploy/all-in-one/api-client.ts';
import { DEMO_DOOR } from '../../../deploy/all-in-one/site.ts';
import { doorWorks } from '../../../deploy/story/door-works.ts';
import { claimsText, ordersArrive, permitArrives } from '../../../deploy/story/permit-arrival.ts';
import { admit, draftOf, type Technician } from '../../../deploy/story/technicians.ts';
import { waitFor } from '../../../deploy/story/wait-for.ts';
import { openTestSite, type TestSite } from '../test-site.ts';

const SEEN_MS = 20_000;
const FIRE_TOPIC = 'zigbee2mqtt/alarm-kebakaran';
const PIN = '481573';
const DURESS = '902614';
const ALWAYS = [{ days: '1234567', from: '00:00', to: '24:00', utc: '+07:00' }];
const anything = z.unknown();

let site: TestSite;
let first: Technician;
let second: Technician;
/** For orders: they have just confirmed who they are. */
let supervisor: ApiClient;
let administrator: ApiClient;

beforeAll(async () => {
  site = await openTestSite();
  [first, second] = site.technicians;
  supervisor = await signInFresh('supervisor');
  administrator = await signInFresh('administrator');
  await restart((door) => ({
    ...door,
    heldOpenMs: 1500,
    presence: { antiPassback: 'hard', overstayGraceMs: 0 },
    fireInput: { preset: 'custom', topic: FIRE_TOPIC, active: ['api'], clear: ['aman'] },
  }));
  for (const technician of [first, second]) await admit(site, site.journal, technician);
}, 180_000);

afterAll(() => site.close());

async function signInFresh(role: 'supervisor' | 'administrator'): Promise<ApiClient> {
  const api = await site.signInAs(role);
  const password = site.demo.accounts.find((each) => each.role === role)?.password ?? '';
  await api.post('/session/step-up', { password }, anything);
  return api;
}

type DoorSection = Readonly<Record<string, unknown>>;

/** Starts the gateway anew, with another description of its door where one is given. */
async function restart(change: (door: DoorSection) => DoorSection = (door) => door): Promise<void> {
  const { gateway } = site.parts;
  await gateway.stop();
  const path = site.home.gatewayConfig;
  const config = parse(readFileSync(path, 'utf8')) as { doors: DoorSection[] };
  writeFileSync(path, stringify({ ...config, doors: config.doors.map(change) }));
  const stopped = site.journal.newest();
  gateway.start();
  await doorWorks(site.journal, stopped);
}

/** Waits until what the directory says is in force at the door. */
const directoryArrives = (what: string, holds: (text: string) => boolean) =>
  ordersArrive(site.home.gatewayDir, site.journal, what, ({ directory }) => holds(claimsText(directory)));

async function setRules(rules: DoorRules): Promise<void> {
  const { status } = await administrator.send('PUT', `/doors/${DEMO_DOOR}/rules`, rules);
  if (status !== 200) throw new Error(`the rules were answered ${status}`);
  await directoryArrives('the rules', (text) => {
    const { doors } = (JSON.parse(text) as { rules: { doors: Record<string, DoorRules> } }).rules;
    return isDeepStrictEqual(doors[DEMO_DOOR] ?? {}, rules);
  });
}

/** Orders something at the door and waits until the gateway has done it. */
async function order(wish: Readonly<Record<string, unknown>>): Promise<string> {
  const made = await supervisor.post(`/doors/${DEMO_DOOR}/commands`, wish, commandSchema);
  return waitFor('the order to be done', SEEN_MS, async () => {
    const { items } = await supervisor.get(`/doors/${DEMO_DOOR}/commands`, pageOf(commandSchema));
    const found = items.find(({ id }) => id === made.id);
    return found?.state === 'done' || found?.state === 'refused' ? found.state : undefined;
  });
}

const key = async (digits: string): Promise<void> => {
  for (const digit of digits) {
    await site.door.post('/key', { key: digit });
    await sleep(120);
  }
  await site.door.post('/key', { key: 'enter' });
};

interface Answer {
  readonly record: JournalRecord;
  readonly releases: number;
}

/** Does something before the door and waits for the gateway's answer; counts what the relay did. */
async function answerTo(
  act: () => Promise<unknown>,
  types: readonly EventType[] = ['access.granted', 'access.denied'],
): Promise<Answer> {
  const since = site.journal.newest();
  const before = await site.door.releases();
  await act();
  const record = await waitFor(types.join(' or '), SEEN_MS, () =>
    site.journal.records().find((each) => each.sq > since && types.includes(each.ty)),
  );
  if (record.ty === 'access.granted' || record.ty === 'exit.recorded') {
    await waitFor(
      'the relay to release',
      SEEN_MS,
      async () => (await site.door.releases()) > before || undefined,
    );
    await waitFor(
      'the relay to secure',
      SEEN_MS,
      async () => (await site.door.state()).lock === 'secured' || undefined,
    );
  }
  return { record, releases: (await site.door.releases()) - before };
}

const present = (technician: Technician, reader: 'entry' | 'exit' = 'entry') =>
  site.door.presentCard(reader, technician.card);

/** Comes in with a card and is seen to be inside. */
async function comeIn(technician: Technician): Promise<void> {
  const since = site.journal.newest();
  await present(technician);
  await waitFor('the leaf to give way', SEEN_MS, async () => (await site.door.push()) || undefined);
  await site.recordOf('access.outcome', since);
  await site.door.closeDoor();
  await site.recordOf('door.closed', since);
  await waitFor('the lock', SEEN_MS, async () => (await site.door.state()).lock === 'secured' || undefined);
}

async function leave(technician: Technician): Promise<void> {
  await answerTo(() => present(technician, 'exit'), ['exit.recorded']);
}

const newest = (ty: EventType, since: number): JournalRecord | undefined =>
  site.journal.records().find((each) => each.sq > since && each.ty === ty);

async function seenByAuditor(type: EventType): Promise<z.infer<typeof eventSchema>> {
  const auditor = await site.signInAs('auditor');
  return waitFor(
    `${type} at the server`,
    SEEN_MS,
    async () => (await auditor.get(`/events?type=${type}`, pageOf(eventSchema))).items[0],
  );
}

describe('stories of a server room', () => {
  it(
    'GL38: two people: the first waits, the second opens for both, and both are inside',
    { timeout: 120_000 },
    async () => {
      await setRules({ two: { withinMs: 20_000 } });
      const alone = await answerTo(() => present(first));
      expect([alone.record.rs, alone.releases]).toEqual(['second-person-required', 0]);
      const since = site.journal.newest();
      await present(second);
      await waitFor('the leaf to give way', SEEN_MS, async () => (await site.door.push()) || undefined);
      await waitFor(
        'both outcomes',
        SEEN_MS,
        () =>
          site.journal.records().filter((each) => each.sq > since && each.rs === 'entered').length === 2 ||
          undefined,
      );
      await site.door.closeDoor();
      const granted = site.journal
        .records()
        .filter((each) => each.sq > since && each.ty === 'access.granted');
      expect(granted.map(({ x }) => x['with'])).toEqual([[granted[1]?.sq], [granted[0]?.sq]]);
      expect((await seenByAuditor('access.granted')).personName).not.toBeNull();

      // One goes: whoever is left is alone, and that is told.
      const before = site.journal.newest();
      await leave(second);
      expect(newest('occupancy.below-minimum', before)).toBeDefined();
      await leave(first);
      await setRules({});
    },
  );

  it('GL32: duress: the door opens as ever, and only the server is told', { timeout: 120_000 }, async () => {
    await first.api.post('/me/pin', { pin: PIN, duress: DURESS }, anything);
    await setRules({ pin: ALWAYS });
    const wrong = await answerTo(async () => {
      await present(first);
      await key('000000');
    });
    expect([wrong.record.rs, wrong.releases]).toEqual(['wrong-pin', 0]);
    const since = site.journal.newest();
    const opened = await answerTo(async () => {
      await present(first);
      await key(DURESS);
    });
    expect([opened.record.ty, opened.releases]).toEqual(['access.granted', 1]);
    expect(newest('access.duress', since)?.x['of']).toBe(opened.record.sq);
    expect((await seenByAuditor('access.duress')).severity).toBe('alarm');
    // The holder's own history shows an entry like any other.
    const own = await first.api.get('/events?limit=200', pageOf(eventSchema));
    expect(own.items.some(({ type }) => type === 'access.granted')).toBe(true);
    expect(own.items.filter(({ type }) => type === 'access.duress')).toEqual([]);
  });

  it(
    'GL33: lock-out: five wrong PINs, a kill -9, and the card is still locked out',
    { timeout: 120_000 },
    async () => {
      const since = site.journal.newest();
      // One try was made by the story before; the card was forgiven by its right PIN, the reader was not.
      for (let turn = 0; turn < 5 && newest('access.locked-out', since) === undefined; turn++) {
        await answerTo(async () => {
          await present(second);
          await key('000000');
        });
        // Somebody without a PIN is asked for one all the same; a card that nobody knows counts as well.
        await answerTo(async () => {
          await site.door.presentCard('entry', 'em:2A00C0FFEE');
          await key('111111');
        });
      }
      const locked = await site.recordOf('access.locked-out', since);
      expect(locked.x['what']).toBe('reader');
      await site.parts.gateway.kill();
      const killed = site.journal.newest();
      site.parts.gateway.start();
      await doorWorks(site.journal, killed);
      const tried = await answerTo(() => present(first));
      expect([tried.record.rs, tried.releases]).toEqual(['locked-out', 0]);
      await setRules({});
      await waitFor(
        'the end of the lock-out',
        60_000,
        () => Date.now() > Number(locked.x['untilMs']) || undefined,
      );
    },
  );

  it('GL34: a visit code opens once, and the second time it is refused', { timeout: 120_000 }, async () => {
    await setRules({ codes: true });
    const permits = await second.api.get(
      '/permits',
      pageOf(z.looseObject({ id: z.string(), state: z.string() })),
    );
    const permitId = permits.items.find(({ state }) => state === 'in-force')?.id ?? '';
    const { code } = await second.api.post(`/permits/${permitId}/visit-code`, {}, visitCodeTicketSchema);
    await directoryArrives('the code', (text) => text.includes('"k":"code"'));
    const opened = await answerTo(() => key(code));
    expect([opened.record.ty, opened.record.x['media'], opened.releases]).toEqual([
      'access.granted',
      'code',
      1,
    ]);
    await waitFor('the outcome', SEEN_MS, () => newest('access.outcome', opened.record.sq));
    const again = await answerTo(() => key(code));
    expect(again.record.ty).toBe('access.denied');
    expect(again.releases).toBe(0);
    await setRules({});
  });

  it(
    'GL43: anti-passback: who left unseen is let in again after a reset with a reason',
    { timeout: 120_000 },
    async () => {
      await comeIn(first);
      const barred = await answerTo(() => present(first));
      expect([barred.record.rs, barred.releases]).toEqual(['already-inside', 0]);
      expect(await order({ act: 'presence-reset', personId: first.id, why: 'counting-error' })).toBe('done');
      const reset = await waitFor('the reset', SEEN_MS, () => newest('presence.reset', barred.record.sq));
      const ordered = site.journal.records().find(({ sq }) => sq === reset.x['of']);
      expect(ordered?.x).toMatchObject({ act: 'presence-reset', why: 'counting-error' });
      const again = await answerTo(() => present(first));
      expect([again.record.ty, again.releases]).toEqual(['access.granted', 1]);
      await waitFor('the outcome', SEEN_MS, () => newest('access.outcome', again.record.sq));
    },
  );

  it(
    'GL44, DM29: fire during anti-passback: nobody is refused for having passed twice',
    { timeout: 120_000 },
    async () => {
      await comeIn(first);
      const { url, ...files } = site.bridge;
      const bridge = mqtt.connect(url, {
        protocolVersion: 4,
        ...(files.caFile !== undefined && { ca: readFileSync(files.caFile) }),
      });
      await waitFor('the broker', SEEN_MS, () => bridge.connected || undefined);
      const since = site.journal.newest();
      await bridge.publishAsync(FIRE_TOPIC, 'api', { qos: 1 });
      await site.recordOf('fire.active', since);
      const inFire = await answerTo(() => present(first));
      expect([inFire.record.ty, inFire.releases]).toEqual(['access.granted', 1]);
      // The fire itself has opened nothing: doors are let go by its own wires.
      await bridge.publishAsync(FIRE_TOPIC, 'aman', { qos: 1 });
      await site.recordOf('fire.cleared', since);
      bridge.end(true);
      await waitFor('the outcome', SEEN_MS, () => newest('access.outcome', inFire.record.sq));
      const after = await answerTo(() => present(first));
      expect(after.record.rs).toBe('already-inside');
      await leave(first);
    },
  );

  it(
    'DM37: lockdown: a valid card is refused, over a restart, until it is ended; leaving goes on',
    { timeout: 120_000 },
    async () => {
      expect(await order({ act: 'lockdown-start', allow: [second.id], why: 'security-incident' })).toBe(
        'done',
      );
      const refused = await answerTo(() => present(first));
      expect([refused.record.rs, refused.releases]).toEqual(['lockdown', 0]);
      await restart();
      const still = await answerTo(() => present(first));
      expect([still.record.rs, still.releases]).toEqual(['lockdown', 0]);
      const named = await answerTo(() => present(second));
      expect([named.record.ty, named.releases]).toEqual(['access.granted', 1]);
      const out = await answerTo(() => present(first, 'exit'), ['exit.recorded']);
      expect(out.releases).toBe(1);
      expect(await order({ act: 'lockdown-end', why: 'situation-over' })).toBe('done');
      const again = await answerTo(() => present(first));
      expect([again.record.ty, again.releases]).toEqual(['access.granted', 1]);
      await waitFor('the outcome', SEEN_MS, () => newest('access.outcome', again.record.sq));
    },
  );

  it(
    'DM33: a supervisor releases once from afar; the order stands in the journal before the relay moves',
    { timeout: 60_000 },
    async () => {
      const since = site.journal.newest();
      const before = await site.door.releases();
      expect(await order({ act: 'release', why: 'card-trouble' })).toBe('done');
      const ordered = newest('operator.command', since);
      expect(ordered?.x).toMatchObject({ act: 'release', why: 'card-trouble' });
      await waitFor(
        'the relay',
        SEEN_MS,
        async () => (await site.door.releases()) === before + 1 || undefined,
      );
      await waitFor(
        'the lock',
        SEEN_MS,
        async () => (await site.door.state()).lock === 'secured' || undefined,
      );
      expect(await site.door.releases()).toBe(before + 1);
    },
  );

  it(
    'DM16: held open, closed again, and held open once more: two alarms, each ended by the leaf alone',
    { timeout: 90_000 },
    async () => {
      for (let turn = 0; turn < 2; turn++) {
        const since = site.journal.newest();
        await present(second);
        await site.door.post('/hold', { isHeld: true });
        await waitFor('the leaf to give way', SEEN_MS, async () => (await site.door.push()) || undefined);
        await site.recordOf('door.held-open', since);
        expect(newest('door.held-open-cleared', since)).toBeUndefined();
        await site.door.post('/hold', { isHeld: false });
        await site.door.closeDoor();
        await site.recordOf('door.held-open-cleared', since);
        await leave(second);
      }
    },
  );

  it(
    'DM8: forced at boot: a leaf that was opened while the gateway was down is told when it starts',
    { timeout: 90_000 },
    async () => {
      await site.parts.gateway.stop();
      await site.door.post('/hold', { isHeld: true });
      await site.door.post('/force', {});
      const stopped = site.journal.newest();
      site.parts.gateway.start();
      await doorWorks(site.journal, stopped);
      const opened = await waitFor('the open leaf', SEEN_MS, () =>
        site.journal.records().find((each) => each.sq > stopped && /^door\.(opened|forced)$/.test(each.ty)),
      );
      expect(opened.ty === 'door.forced' || opened.x['cause'] === 'unknown').toBe(true);
      await site.door.post('/hold', { isHeld: false });
      await site.door.closeDoor();
      await site.recordOf('door.closed', opened.sq);
    },
  );

  it(
    'PR9: overstay: the visit ends while its guest is inside, and that is told once',
    { timeout: 120_000 },
    async () => {
      // A person whose only permit ends in a moment: what was given before is taken back.
      const mine = await second.api.get('/requests?scope=mine', pageOf(requestSchema));
      for (const { id, state } of mine.items) {
        if (['approved', 'checked-in', 'inside', 'left'].includes(state))
          await supervisor.send('POST', `/requests/${id}/revoke`, { reason: 'Selesai.' });
      }
      const nowMs = Date.now();
      const { id } = await second.api.post('/requests', draftOf(nowMs, nowMs + 9000), requestSchema);
      const { permitId } = await supervisor.post(`/requests/${id}/approve`, {}, requestSchema);
      await permitArrives(site.home.gatewayDir, site.journal, permitId);
      const since = site.journal.newest();
      await comeIn(second);
      const overstayed = await site.recordOf('visit.overstayed', since);
      // A permit counts whole seconds.
      expect(overstayed.t).toBeGreaterThanOrEqual(Math.floor((nowMs + 9000) / 1000) * 1000);
      expect((await seenByAuditor('visit.overstayed')).personName).toBe(second.name);
      await leave(second);
      expect(
        site.journal.records().filter((each) => each.sq > since && each.ty === 'visit.overstayed'),
      ).toHaveLength(1);
    },
  );
});
