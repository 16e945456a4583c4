import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DoorBench, RELEASE_MS } from './gateway-door-bench.ts';
import { BUDI, CARD, OTHER_CARD, SARI, TestSite } from './gateway-world.ts';

const site = new TestSite();
const body = site.policy({
  permits: [
    site.permit({ cred: [site.handleOf(CARD)] }),
    site.permit({ jti: `pm_${'Q'.repeat(22)}`, sub: BUDI, cred: [site.handleOf(OTHER_CARD)] }),
  ],
  creds: [
    { cred: site.handleOf(CARD), sub: SARI, st: 'active' },
    { cred: site.handleOf(OTHER_CARD), sub: BUDI, st: 'active' },
  ],
});

let bench: DoorBench;
beforeEach(async () => {
  bench = await DoorBench.open(site, body);
});
afterEach(() => bench.close());

/** How long the relay was released at a stretch, ms. */
function stretches(): readonly number[] {
  const lengths: number[] = [];
  let since: number | null = null;
  for (const { atMs, isReleased } of bench.edges()) {
    if (isReleased) since = atMs;
    else if (since !== null) lengths.push(atMs - since);
  }
  return lengths;
}

describe('faults that others shipped, at our relay', () => {
  it('GL9 (fault 19): a restart, however often, moves nothing at the relay', async () => {
    for (let turn = 0; turn < 10; turn += 1) await bench.restart();
    expect(bench.edges()).toEqual([]);
    expect(bench.simulated.state().pulses).toBe(0);
  });

  it('GL19 (faults 20, 23): a program that dies in the middle of a pulse leaves it to the hardware to end', async () => {
    await bench.present('entry', CARD);
    expect(bench.isReleased()).toBe(true);
    bench.kill();
    await bench.pass(RELEASE_MS + 100);
    expect(bench.isReleased()).toBe(false);
    // And the controller locks as soon as nobody speaks to it, at the latest when the pulse is over.
    expect(Math.max(...stretches())).toBeLessThanOrEqual(RELEASE_MS + 50);
  });

  it('DM35 (fault 23): on start the lock is secured before anything else', async () => {
    await bench.present('entry', CARD);
    await bench.restart();
    expect(bench.isReleased()).toBe(false);
    expect(stretches()).toHaveLength(1);
  });

  it('DM4 (fault 22): a second grant just before the end of the first makes the release longer', async () => {
    await bench.present('entry', CARD);
    await bench.pass(RELEASE_MS - 1700);
    await bench.present('entry', OTHER_CARD);
    await bench.pass(RELEASE_MS + 1000);
    expect(stretches()).toHaveLength(1);
    expect(stretches()[0]).toBeGreaterThan(RELEASE_MS + 1000);
  });

  it('DM8 (faults 24, 25, 27): a door that was forced while the program was down is told and watched, and never toggled', async () => {
    let from = bench.journal.size();
    await bench.restart(() => {
      bench.simulated.holdDoor(true);
      bench.simulated.forceDoor();
    });
    const opened = bench.recordsFrom(from).find(({ ty }) => ty === 'door.opened');
    expect(opened?.x).toEqual({ cause: 'unknown', was: 'unknown', isInitial: true });
    await bench.pass(10_500);
    expect(bench.shown().alarm).toBe('held-open');
    from = bench.journal.size();
    bench.simulated.holdDoor(false);
    bench.simulated.closeDoor();
    await bench.pass(500);
    expect(bench.typesFrom(from)).toEqual(['door.held-open-cleared', 'door.closed']);
    bench.simulated.forceDoor();
    await bench.pass(500);
    expect(bench.shown().alarm).toBe('forced');
  });

  it('DM7 (fault 26): no time ends an alarm, and a re-close inside of it does', async () => {
    bench.simulated.holdDoor(true);
    bench.simulated.forceDoor();
    await bench.pass(3_600_000);
    expect(bench.shown().alarm).toBe('forced');
    expect(bench.simulated.state().reader.sound).toBe('siren');
    bench.simulated.holdDoor(false);
    bench.simulated.closeDoor();
    await bench.pass(500);
    expect(bench.shown().alarm).toBe('none');
    expect(bench.simulated.state().reader.sound).toBe('none');
  });

  it('DM16 (faults 24, 26): a held door warns before its alarm, and the alarm never comes inside the time', async () => {
    await bench.present('entry', CARD);
    bench.simulated.pushDoor();
    bench.simulated.holdDoor(true);
    await bench.pass(6000);
    expect(bench.shown().alarm).toBe('none');
    await bench.pass(1500);
    expect(bench.simulated.state().reader.light).toBe('amber');
    await bench.pass(3000);
    expect(bench.shown().alarm).toBe('held-open');
  });

  it('DM3 (fault 28): the relock goes with the opening, and none comes later while the leaf is open', async () => {
    await bench.present('entry', CARD);
    bench.simulated.pushDoor();
    bench.simulated.holdDoor(true);
    await bench.pass(1000);
    expect(bench.isReleased()).toBe(false);
    const edges = bench.edges().length;
    await bench.pass(60_000);
    expect(bench.edges()).toHaveLength(edges);
  });

  it('DM17 (fault 28): where it is set up so the pulse lasts though the leaf is open', async () => {
    const { panel } = bench.simulated.ports;
    expect(panel).toBeDefined();
    await bench.restart(undefined, {
      lock: { driver: 'line', reader: 'panel', output: 0, releaseMs: RELEASE_MS, relockOnOpen: false },
    });
    await bench.present('entry', CARD);
    bench.simulated.pushDoor();
    await bench.pass(1000);
    expect(bench.isReleased()).toBe(true);
    await bench.pass(RELEASE_MS);
    expect(stretches()[0]).toBeGreaterThan(RELEASE_MS - 100);
  });

  it('GL14 (fault 29): a button that is pressed when the program starts explains nothing', async () => {
    const from = bench.journal.size();
    await bench.restart(() => bench.simulated.pressExitButton(60_000));
    expect(bench.typesFrom(from)).not.toContain('exit-button.pressed');
    expect(bench.edges()).toEqual([]);
    bench.simulated.forceDoor();
    await bench.pass(300);
    expect(bench.typesFrom(from)).toContain('door.forced');
  });

  it('DM2, DM10 (fault 30): every opening carries its own cause, and none that is old', async () => {
    const causes: unknown[] = [];
    const look = async (): Promise<void> => {
      const from = bench.journal.size();
      bench.simulated.forceDoor();
      await bench.pass(500);
      causes.push(bench.recordsFrom(from).find(({ ty }) => ty.startsWith('door.'))?.x['cause'] ?? 'forced');
      bench.simulated.closeDoor();
      await bench.pass(12_000);
    };
    await bench.present('entry', CARD);
    await look();
    bench.simulated.pressExitButton();
    await bench.pass(500);
    await look();
    bench.obey(bench.order('release'));
    await bench.pass(300);
    await look();
    bench.obey(bench.order('hold-open-start', { forMs: 5000 }));
    await bench.pass(300);
    await look();
    await look();
    expect(causes).toEqual(['granted', 'exit-button', 'operator', 'hold-open', 'forced']);
  });

  it('GL16 (faults 32, 33): what was ordered and what the relay says are told apart, and a restart finds the truth', async () => {
    const from = bench.journal.size();
    await bench.present('entry', CARD);
    await bench.pass(RELEASE_MS + 3000);
    const lines = bench.recordsFrom(from).map(({ ty }) => ty);
    expect(lines.slice(0, 3)).toEqual(['access.granted', 'lock.released', 'lock.secured']);
    await bench.restart();
    expect(bench.shown().lock).toBe('secured');
  });

  it('DM31 (faults 46, 47): what is restored is what may be: a damaged allow-list lets nobody in', async () => {
    bench.obey(bench.order('lockdown-start', { allow: [SARI] }));
    for (const damaged of ['{', '[]', '{"of":1,"allow":"s_"}', 'unavailable']) {
      bench.journal.append([], { 'lockdown/ruang-server': damaged });
      await bench.restart();
      const from = bench.journal.size();
      expect(bench.shown().lockdown).toBe(true);
      await bench.present('entry', CARD);
      expect(bench.typesFrom(from)).toEqual(['access.denied lockdown']);
    }
    expect(bench.edges()).toEqual([]);
  });

  it('DM39 (faults 34, 35): an order that is sent again, however often and after however many restarts, acts once', async () => {
    const order = bench.order('release');
    bench.obey(order);
    await bench.pass(RELEASE_MS + 1000);
    for (let turn = 0; turn < 3; turn += 1) {
      await bench.restart();
      expect(bench.obey(order)).toBe('repeated');
      await bench.pass(1000);
    }
    expect(stretches()).toHaveLength(1);
  });

  it('GL15: a lock that does not answer during a hold is told once, and the hold goes on when it is back', async () => {
    bench.obey(bench.order('hold-open-start', { forMs: 60_000 }));
    await bench.pass(1000);
    const from = bench.journal.size();
    await bench.simulated.unplug('panel');
    await bench.pass(20_000);
    expect(bench.recordsFrom(from).filter(({ ty }) => ty === 'lock.fault')).toHaveLength(1);
    await bench.simulated.replug('panel');
    await bench.pass(10_000);
    expect(bench.isReleased()).toBe(true);
    await bench.pass(60_000);
    expect(bench.isReleased()).toBe(false);
  });

  it('DM3: an exit card relocks with the opening as an entry does', async () => {
    await bench.present('exit', CARD);
    bench.simulated.pushDoor();
    await bench.pass(500);
    expect(bench.isReleased()).toBe(false);
  });

  it('PR13: an order takes a person out of the book of the room, with the reason, over restarts', async () => {
    await bench.present('entry', CARD);
    bench.simulated.pushDoor();
    await bench.pass(5000);
    expect(bench.shown().occupancy).toBe(1);
    const from = bench.journal.size();
    bench.obey(bench.order('presence-reset', { sub: SARI, why: 'left-by-button' }));
    expect(bench.shown().occupancy).toBe(0);
    expect(bench.typesFrom(from)).toEqual(['operator.command', 'presence.reset']);
    await bench.restart();
    expect(bench.shown().occupancy).toBe(0);
  });
});
