import { cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import { decodeRecord } from '#contract/record';
import { createGatewayClock, type GatewayClock } from '../../gateway/clock/gateway-clock.ts';
import type { GatewayConfig } from '../../gateway/config.ts';
import { openGateway, type RunningGateway } from '../../gateway/main.ts';
import { openFileMedium } from '../../gateway/second-medium.ts';
import { createFakeServer, type FakeServer } from './gateway-server.ts';
import {
  CARD,
  DOOR,
  GATEWAY,
  ISSUER,
  SARI,
  SITE,
  START_MS,
  TestSite,
  createFakeClock,
  createFakeHardware,
  createSeededRandom,
  makeFolder,
  silentLog,
  until,
  type FakeClock,
  type FakeHardware,
} from './gateway-world.ts';

const site = new TestSite();
const cred = site.handleOf(CARD);
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

let folder: ReturnType<typeof makeFolder>;
let config: GatewayConfig;
let server: FakeServer;
let hardware: FakeHardware;
/** The monotonic clock of the machine, which runs on while the program does not. */
let machine: FakeClock;
/** What the operating system says of the time. */
let systemMs: () => number;
let clock: GatewayClock;
let gateway: RunningGateway | undefined;

beforeEach(() => {
  folder = makeFolder();
  machine = createFakeClock();
  systemMs = () => machine.epochMs();
  server = createFakeServer(site, () => machine.epochMs());
  server.policy = {
    v: 1,
    body: site.policy({
      permits: [site.permit({ cred: [cred] })],
      creds: [{ cred, sub: SARI, st: 'active' }],
    }),
  };
  const keyFile = join(folder.path, 'gateway.key');
  const trustFile = join(folder.path, 'site-root.json');
  const privateKey = encodeBase64Url(site.gatewaySeed);
  const pepper = encodeBase64Url(site.pepper);
  writeFileSync(
    keyFile,
    JSON.stringify({ gateway: GATEWAY, site: SITE, issuer: ISSUER, epoch: 1, privateKey, pepper }),
  );
  writeFileSync(trustFile, JSON.stringify(site.chain));
  config = {
    id: GATEWAY,
    server: { url: 'http://server.test', keyFile, trustFile },
    dataDir: join(folder.path, 'data'),
    ballastMiB: 0,
    doors: [
      {
        id: DOOR,
        readers: {
          entry: { protocol: 'rdm6300', port: '/dev/entry' },
          panel: { protocol: 'line', port: '/dev/panel' },
        },
        lock: { driver: 'line', reader: 'panel', output: 0, releaseMs: 5000 },
        heldOpenMs: 30_000,
        presence: { antiPassback: 'off', forgiveMs: 43_200_000, overstayGraceMs: 900_000 },
      },
    ],
  };
});
afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
  folder.remove();
});

/** Starts the program on this machine. @param boot names the run of the machine */
async function start(boot: string): Promise<void> {
  const originMs = machine.monoMs();
  clock = createGatewayClock({
    epochMs: () => systemMs(),
    monoMs: () => machine.monoMs() - originMs,
    isSynchronised: () => false,
    hasBatteryClock: () => false,
    sleepUntil: (at, signal) => machine.sleepUntil((at + originMs) as never, signal),
  });
  hardware = createFakeHardware();
  gateway = await openGateway({
    config,
    clock,
    boot: { id: boot, originMs },
    random: createSeededRandom(`${boot} ${originMs}`),
    log: silentLog,
    fetch: server.fetch,
    openHardware: () => hardware,
  });
  hardware.emit({ type: 'reader', reader: 'entry', state: 'online', reason: 'opened', atMs: clock.monoMs() });
}

async function stop(): Promise<void> {
  await gateway?.close();
  gateway = undefined;
}

const cutLine = (): void => {
  server.faults = Array.from({ length: 10_000 }, () => 'request-lost' as const);
};
const present = (): void =>
  hardware.emit({ type: 'card', reader: 'entry', card: CARD, atMs: clock.monoMs() });
const records = () =>
  server.stored.flatMap((entry) => {
    const record = decodeRecord(utf8(entry));
    return record.ok ? [record.value] : [];
  });

describe('the time of a gateway over restarts', () => {
  it('GL63: a program that restarts offline on a running machine still knows the signed time', async () => {
    await start('b-1');
    await until(() => clock.trust() === 3);
    await stop();
    await machine.advance(3_600_000);
    cutLine();
    // Whatever the system says: signed time runs on the clock that never jumps.
    systemMs = () => 0;
    await start('b-1');
    expect(clock.trust()).toBe(3);
    expect(Math.abs(clock.epochMs() - machine.epochMs())).toBeLessThan(2000);
    present();
    expect(hardware.pulses).toHaveLength(1);
  });

  it('GL63: after a day it counts no more', async () => {
    await start('b-1');
    await until(() => clock.trust() === 3);
    await stop();
    await machine.advance(DAY_MS + 1);
    cutLine();
    await start('b-1');
    expect(clock.trust()).toBe(0);
  });

  it('GL63, GL53: a machine that restarted knows only its floor, and opens for nobody', async () => {
    await start('b-1');
    await until(() => clock.trust() === 3);
    await stop();
    await machine.advance(3_600_000);
    cutLine();
    await start('b-2');
    expect(clock.trust()).toBe(0);
    expect(clock.interval()).toEqual({ lo: clock.floorMs(), hi: Infinity });
    expect(clock.floorMs()).toBeGreaterThanOrEqual(START_MS - 2000);
    present();
    expect(hardware.pulses).toEqual([]);
  });

  it('GL52 (faults 49, 50): woken in 1970, with a permit that has ended, nothing opens and no record lies below the floor', async () => {
    await start('b-1');
    await until(() => clock.trust() === 3);
    await stop();
    // The permit ends four hours after the start.
    await machine.advance(5 * 3_600_000);
    cutLine();
    systemMs = () => machine.monoMs();
    await start('b-2');
    present();
    expect(hardware.pulses).toEqual([]);
    await machine.advance(11_000);
    await stop();
    server.faults = [];
    await start('b-2');
    await until(() => records().some(({ ty }) => ty === 'clock.trusted') && clock.trust() === 3);
    present();
    await until(() => records().filter(({ ty }) => ty === 'access.denied').length === 2);
    expect(hardware.pulses).toEqual([]);
    const denials = records().filter(({ ty }) => ty === 'access.denied');
    expect(denials.map(({ rs }) => rs)).toEqual(['clock-untrusted', 'expired']);
    expect(records().map(({ ty }) => ty)).toContain('clock.rollback');
    for (const { t } of records()) expect(t).toBeGreaterThanOrEqual(START_MS - 2000);
  });

  it('GL64 (fault 51): a restart whose time lies behind the last record says so, and goes on by number', async () => {
    cutLine();
    // Nobody vouches for this clock, which is a day ahead; what happens is stamped with it all the same.
    systemMs = () => machine.epochMs() + DAY_MS;
    await start('b-1');
    hardware.emit({ type: 'tamper', reader: 'panel', isActive: true, atMs: clock.monoMs() });
    await stop();
    server.faults = [];
    systemMs = () => machine.epochMs();
    await start('b-2');
    await until(() => records().some(({ ty }) => ty === 'clock.trusted'));
    const told = records().find(({ ty }) => ty === 'clock.rollback');
    expect(told?.x).toEqual({ behind: 'last-record', byMs: DAY_MS });
    expect(records().map(({ sq }) => sq)).toEqual(records().map((_, index) => index));
    expect(records().find(({ ty }) => ty === 'reader.tamper')?.tq).toBe(0);
  });

  it('GL64, GL61: the floor survives a journal that was lost', async () => {
    await start('b-1');
    await until(() => clock.trust() === 3);
    await stop();
    const floorMs = clock.floorMs();
    for (const name of ['journal.db', 'journal.db-wal', 'journal.db-shm']) {
      rmSync(join(config.dataDir, name), { force: true });
    }
    cutLine();
    systemMs = () => 0;
    await start('b-2');
    expect(clock.floorMs()).toBeGreaterThanOrEqual(floorMs - 1);
  });

  it('SM18: the floor survives an old image of the whole disk, where another device remembers it', async () => {
    const file = join(folder.path, 'mark');
    config = { ...config, secondMedium: { file } };
    await start('b-1');
    await until(() => clock.trust() === 3 && server.epochRequests.length > 0);
    await until(() => existsSync(join(config.dataDir, 'keys', '2.json')));
    await stop();
    cpSync(config.dataDir, join(folder.path, 'image'), { recursive: true });
    await start('b-2');
    await until(() => clock.trust() === 3);
    await machine.advance(HOUR_MS);
    hardware.emit({ type: 'tamper', reader: 'entry', isActive: true, atMs: clock.monoMs() });
    await machine.advance(5000);
    await stop();
    const { floorMs } = openFileMedium(file).read() ?? { floorMs: 0 };
    expect(floorMs).toBeGreaterThan(START_MS + HOUR_MS - 60_000);
    rmSync(config.dataDir, { recursive: true });
    cpSync(join(folder.path, 'image'), config.dataDir, { recursive: true });
    cutLine();
    systemMs = () => 0;
    await start('b-3');
    expect(clock.floorMs()).toBeGreaterThanOrEqual(floorMs);
  });
});
