import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_HOLD_OPEN_MS } from '#contract/command';
import { DoorBench, RELEASE_MS } from './gateway-door-bench.ts';
import { BUDI, CARD, NONCE, OTHER_CARD, SARI, TestSite } from './gateway-world.ts';

const site = new TestSite();
const creds = [
  { cred: site.handleOf(CARD), sub: SARI, st: 'active' },
  { cred: site.handleOf(OTHER_CARD), sub: BUDI, st: 'active' },
] as const;
const body = site.policy({
  permits: [
    site.permit({ cred: [creds[0].cred] }),
    site.permit({ jti: `pm_${'Q'.repeat(22)}`, sub: BUDI, cred: [creds[1].cred] }),
  ],
  creds: [...creds],
});

let bench: DoorBench;
beforeEach(async () => {
  bench = await DoorBench.open(site, body);
});
afterEach(() => bench.close());

describe('orders at the relay', () => {
  it('DM33: a remote release is one pulse, whose place in the journal is the order of a named person', async () => {
    const from = bench.journal.size();
    const command = bench.order('release', { why: 'forgot-card' });
    expect(bench.obey(command)).toBe('obeyed');
    // Before anything could have moved: the record is there first.
    expect(bench.recordsFrom(from)[0]).toMatchObject({
      ty: 'operator.command',
      x: { id: command.id, act: 'release', m: 'passkey', why: 'forgot-card', nonce: NONCE },
    });
    expect(bench.edges()).toEqual([]);
    await bench.pass(RELEASE_MS + 1000);
    expect(bench.edges().map(({ isReleased: released }) => released)).toEqual([true, false]);
    expect(bench.edges()[0]).toMatchObject({ epoch: 1, sq: from });
    expect(bench.journal.readBatch(from)?.openings[0]).toMatchObject({ field: 'sub', value: BUDI });
  });

  it('DM33: who opens after a remote release broke in nowhere', async () => {
    const from = bench.journal.size();
    bench.obey(bench.order('release'));
    await bench.pass(300);
    expect(bench.simulated.pushDoor()).toBe(true);
    await bench.pass(300);
    expect(bench.typesFrom(from)).toEqual(['operator.command', 'door.opened']);
    expect(bench.recordsFrom(from).find(({ ty }) => ty === 'door.opened')?.x).toEqual({
      cause: 'operator',
      of: from,
    });
  });

  it('DM39: an order is obeyed once, under whatever nonce it comes again, also after a restart', async () => {
    const command = bench.order('release');
    expect(bench.obey(command)).toBe('obeyed');
    await bench.pass(RELEASE_MS + 1000);
    const moved = bench.edges().length;
    const size = bench.journal.size();
    expect(bench.obey({ ...command, nonce: 'M'.repeat(22) })).toBe('repeated');
    expect(bench.journal.size()).toBe(size);
    await bench.restart();
    expect(bench.obey({ ...command, nonce: 'L'.repeat(22) })).toBe('repeated');
    await bench.pass(RELEASE_MS);
    expect(bench.edges()).toHaveLength(moved);
  });

  it('DM39: an order for a door that is not here, and one that cannot be recorded, move nothing', async () => {
    expect(bench.obey(bench.order('release', { door: 'gudang' }))).toBe('no-such-door');
    bench.isDiskFull = true;
    const command = bench.order('release');
    expect(bench.obey(command)).toBe('not-recorded');
    expect(bench.obey(bench.order('hold-open-start', { forMs: 5000 }))).toBe('not-recorded');
    expect(bench.obey(bench.order('lockdown-start'))).toBe('not-recorded');
    await bench.pass(RELEASE_MS);
    expect(bench.edges()).toEqual([]);
    expect(bench.shown()).toMatchObject({ lockdown: false, holdOpen: false });
    bench.isDiskFull = false;
    // What was not done may be tried again.
    expect(bench.obey(command)).toBe('obeyed');
  });

  it('DM34: a held door is released without a gap to its deadline, and secured then', async () => {
    const from = bench.journal.size();
    expect(bench.obey(bench.order('hold-open-start', { forMs: 20_000 }))).toBe('obeyed');
    await bench.pass(25_000);
    expect(bench.edges().map(({ isReleased: released }) => released)).toEqual([true, false]);
    const [on, off] = bench.edges();
    expect((off?.atMs ?? 0) - (on?.atMs ?? 0)).toBeGreaterThan(19_500);
    expect((off?.atMs ?? 0) - (on?.atMs ?? 0)).toBeLessThan(20_500);
    expect(bench.simulated.state().pulses).toBeGreaterThan(20_000 / RELEASE_MS);
    expect(bench.typesFrom(from)).toEqual(['operator.command', 'hold-open.started', 'hold-open.ended']);
    expect(bench.recordsFrom(from).at(-1)?.x ?? {}).not.toHaveProperty('sub');
  });

  it('DM34: a card that is shown during a hold takes nothing from it', async () => {
    bench.obey(bench.order('hold-open-start', { forMs: 20_000 }));
    await bench.pass(1000);
    await bench.present('entry', CARD);
    await bench.pass(10_000);
    expect(bench.isReleased()).toBe(true);
    expect(bench.edges()).toHaveLength(1);
  });

  it('DM35: a program that dies while it holds a door leaves it locked within one pulse', async () => {
    bench.obey(bench.order('hold-open-start', { forMs: MAX_HOLD_OPEN_MS }));
    await bench.pass(10_000);
    expect(bench.isReleased()).toBe(true);
    bench.kill();
    await bench.pass(RELEASE_MS * 0.75 + RELEASE_MS);
    expect(bench.isReleased()).toBe(false);
    const moved = bench.edges().length;
    await bench.pass(60_000);
    expect(bench.edges()).toHaveLength(moved);
  });

  it('DM35: after a restart a hold is over, and the journal says so', async () => {
    bench.obey(bench.order('hold-open-start', { forMs: MAX_HOLD_OPEN_MS }));
    await bench.pass(1000);
    const from = bench.journal.size();
    await bench.restart();
    expect(bench.typesFrom(from)).toContain('hold-open.ended');
    expect(bench.recordsFrom(from).find(({ ty }) => ty === 'hold-open.ended')?.x['why']).toBe('restart');
    await bench.pass(10_000);
    expect(bench.isReleased()).toBe(false);
    expect(bench.shown().holdOpen).toBe(false);
  });

  it('DM36: a lockdown ends a hold at once at the relay, and refuses orders to open, but for who may come in', async () => {
    bench.obey(bench.order('hold-open-start', { forMs: 60_000 }));
    await bench.pass(1000);
    expect(bench.isReleased()).toBe(true);
    bench.obey(bench.order('lockdown-start', { allow: [SARI] }));
    await bench.pass(300);
    expect(bench.isReleased()).toBe(false);
    expect(bench.shown()).toMatchObject({ lockdown: true, holdOpen: false });
    const moved = bench.edges().length;
    const from = bench.journal.size();
    expect(bench.obey(bench.order('release'))).toBe('refused');
    expect(bench.obey(bench.order('hold-open-start', { forMs: 5000 }))).toBe('refused');
    expect(bench.recordsFrom(from).map(({ x }) => x['refused'])).toEqual(['lockdown', 'lockdown']);
    await bench.pass(5000);
    expect(bench.edges()).toHaveLength(moved);
    expect(bench.obey(bench.order('release', { by: SARI }))).toBe('obeyed');
    await bench.pass(300);
    expect(bench.isReleased()).toBe(true);
  });

  it('DM37: a lockdown beats a valid card, over a restart, until it is ended; leaving goes on', async () => {
    const from = bench.journal.size();
    bench.obey(bench.order('lockdown-start', { allow: [BUDI] }));
    expect(JSON.stringify(bench.recordsFrom(from))).not.toContain(BUDI);
    await bench.present('entry', CARD);
    expect(bench.typesFrom(from)).toEqual(['operator.command', 'lockdown.started', 'access.denied lockdown']);
    await bench.restart();
    expect(bench.shown().lockdown).toBe(true);
    const moved = bench.edges().length;
    await bench.present('entry', CARD);
    expect(bench.typesFrom(bench.journal.size() - 1)).toEqual(['access.denied lockdown']);
    expect(bench.edges()).toHaveLength(moved);
    // The list was kept as well.
    await bench.present('entry', OTHER_CARD);
    expect(bench.isReleased()).toBe(true);
    await bench.pass(RELEASE_MS);
    await bench.present('exit', CARD);
    expect(bench.isReleased()).toBe(true);
    await bench.pass(RELEASE_MS);
    bench.obey(bench.order('lockdown-end'));
    expect(bench.shown().lockdown).toBe(false);
    await bench.present('entry', CARD);
    expect(bench.isReleased()).toBe(true);
  });

  it('DM20: an alarm that somebody acknowledges falls silent and stands until the leaf is closed', async () => {
    bench.simulated.holdDoor(true);
    bench.simulated.forceDoor();
    await bench.pass(500);
    expect(bench.simulated.state().reader.sound).toBe('siren');
    const from = bench.journal.size();
    bench.obey(bench.order('alarm-acknowledge', { why: 'guard-on-site' }));
    await bench.pass(300);
    expect(bench.simulated.state().reader.sound).toBe('none');
    expect(bench.shown().alarm).toBe('forced');
    expect(bench.recordsFrom(from).map(({ ty, x }) => [ty, x['of'], x['cause']])).toEqual([
      ['operator.command', undefined, undefined],
      ['alarm.acknowledged', from, 'forced'],
    ]);
    expect(bench.recordsFrom(from)[1]?.c).toHaveProperty('sub');
    bench.simulated.holdDoor(false);
    bench.simulated.closeDoor();
    await bench.pass(300);
    expect(bench.shown().alarm).toBe('none');
  });

  it('DM38: while the interlocked door is not seen shut no order opens this one', async () => {
    bench.isNeighbourShut = false;
    const from = bench.journal.size();
    expect(bench.obey(bench.order('release'))).toBe('refused');
    expect(bench.recordsFrom(from)[0]?.x['refused']).toBe('interlock');
    await bench.pass(1000);
    expect(bench.edges()).toEqual([]);
    await bench.present('exit', CARD);
    expect(bench.isReleased()).toBe(true);
  });

  it('DM38: a card is refused while the interlocked door is not seen shut', async () => {
    bench.isNeighbourShut = false;
    const from = bench.journal.size();
    await bench.present('entry', CARD);
    expect(bench.typesFrom(from)).toEqual(['access.denied interlock']);
    expect(bench.edges()).toEqual([]);
  });

  it('DM38: a door counts as shut only while it is seen closed and nothing lets it be opened', async () => {
    expect(bench.door.isShut()).toBe(true);
    bench.obey(bench.order('release'));
    expect(bench.door.isShut()).toBe(false);
    await bench.pass(RELEASE_MS + 3000);
    expect(bench.door.isShut()).toBe(true);
    bench.door.takeContact({ contact: 'unknown', why: 'silent' });
    expect(bench.door.isShut()).toBe(false);
  });

  it('DM19, DM29: what opens in a fire is not forced, and the fire is recorded when it begins and ends', async () => {
    const from = bench.journal.size();
    bench.door.takeFire(true);
    bench.door.takeFire(true);
    expect(bench.shown().fire).toBe(true);
    expect(bench.edges()).toEqual([]);
    bench.simulated.forceDoor();
    await bench.pass(500);
    expect(bench.shown().alarm).toBe('none');
    bench.simulated.closeDoor();
    await bench.pass(1000);
    bench.door.takeFire(false);
    bench.simulated.forceDoor();
    await bench.pass(500);
    expect(bench.typesFrom(from)).toEqual([
      'fire.active',
      'door.opened',
      'door.closed',
      'fire.cleared',
      'door.forced',
    ]);
  });

  it('DM19, DM29: a fire that burned before a restart burns after it, until it is told to be out', async () => {
    bench.door.takeFire(true);
    await bench.restart();
    expect(bench.shown().fire).toBe(true);
    bench.simulated.forceDoor();
    await bench.pass(500);
    expect(bench.shown().alarm).toBe('none');
  });

  it('DM32: a lockdown that begins while the exit button is pressed does not lock it', async () => {
    bench.simulated.pressExitButton();
    await bench.pass(200);
    const before = bench.edges().length;
    bench.obey(bench.order('lockdown-start'));
    await bench.pass(100);
    expect(bench.edges()).toHaveLength(before);
  });
});
