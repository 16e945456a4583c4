import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeBase64Url, utf8 } from '#contract/bytes';
import { asEpochMs, asMonoMs, type MonoMs } from '#contract/clock';
import type { PermitClaims } from '#contract/permit';
import { decodeRecord, type JournalRecord } from '#contract/record';
import { waitFor } from '../../../deploy/story/wait-for.ts';
import { openSimulatedDoor, type SimulatedDoor } from '../../../firmware-bridge/simulator/simulated-door.ts';
import { createGatewayClock } from '../../../gateway/clock/gateway-clock.ts';
import type { GatewayConfig } from '../../../gateway/config.ts';
import { openGateway, type RunningGateway } from '../../../gateway/main.ts';
import { createFakeServer, type FakeServer } from '../../suites/gateway-server.ts';
import {
  BUDI,
  CARD,
  createSeededRandom,
  DOOR,
  GATEWAY,
  ISSUER,
  OTHER_CARD,
  SARI,
  silentLog,
  SITE,
  START_MS,
  TestSite,
} from '../../suites/gateway-world.ts';

const SEEN_MS = 15_000;
const RELEASE_MS = 800;
const site = new TestSite();
const cred = site.handleOf(CARD);
const otherCred = site.handleOf(OTHER_CARD);

let folder: string;
let simulated: SimulatedDoor;
let server: FakeServer;
let gateway: RunningGateway;
let config: GatewayConfig;
/** Wall clock of the story at its beginning, ms since 1970. */
let beganMs: number;
let originMs: number;

const monoMs = (): MonoMs => asMonoMs(performance.now());
const nowMs = (): number => Math.round(beganMs + performance.now() - originMs);
const sleepUntil = async (at: MonoMs, signal?: AbortSignal): Promise<void> => {
  await sleep(Math.max(0, at - performance.now()), undefined, signal === undefined ? {} : { signal }).catch(
    (error: unknown) => {
      if (!(error instanceof Error && error.name === 'AbortError')) throw error;
    },
  );
};

/** Starts the program on a machine that has just been switched on. @param epochMs what its system says the time is */
async function boot(id: string, epochMs: () => number): Promise<void> {
  const bootMs = performance.now();
  gateway = await openGateway({
    config,
    clock: createGatewayClock({
      epochMs,
      monoMs: () => asMonoMs(performance.now() - bootMs),
      isSynchronised: () => false,
      hasBatteryClock: () => false,
      sleepUntil: (at, signal) => sleepUntil(asMonoMs(at + bootMs), signal),
    }),
    boot: { id, originMs: bootMs },
    random: createSeededRandom(`stories ${id}`),
    log: silentLog,
    fetch: server.fetch,
  });
}

/** A gateway as it is, on real serial ports, whose time and orders are those of the story. */
async function open(permits: readonly PermitClaims[], atMs = START_MS): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'palang-story-'));
  beganMs = atMs;
  originMs = performance.now();
  const linksDir = join(folder, 'ports');
  mkdirSync(linksDir);
  const machine = {
    epochMs: () => asEpochMs(nowMs()),
    monoMs,
    trust: () => 3 as const,
    interval: () => ({ lo: asEpochMs(nowMs()), hi: nowMs() }),
    sleepUntil,
  };
  simulated = await openSimulatedDoor({ clock: machine, linksDir });
  server = createFakeServer(site, nowMs);
  const iat = Math.floor(atMs / 1000);
  server.policy = {
    v: 1,
    body: site.policy({
      permits,
      creds: [
        { cred, sub: SARI, st: 'active' },
        { cred: otherCred, sub: BUDI, st: 'active' },
      ],
      manifest: { iat, exp: iat + 45 * 86_400 },
    }),
  };
  const keyFile = join(folder, 'gateway.key');
  const trustFile = join(folder, 'site-root.json');
  const secrets = {
    privateKey: encodeBase64Url(site.gatewaySeed),
    pepper: encodeBase64Url(site.pepper),
  };
  writeFileSync(
    keyFile,
    JSON.stringify({ gateway: GATEWAY, site: SITE, issuer: ISSUER, epoch: 1, ...secrets }),
  );
  writeFileSync(trustFile, JSON.stringify(site.chain));
  const { entry, exit, panel } = simulated.ports;
  config = {
    id: GATEWAY,
    server: { url: 'http://server.test', keyFile, trustFile },
    dataDir: join(folder, 'data'),
    doors: [
      {
        id: DOOR,
        readers: {
          entry: { protocol: 'rdm6300', port: entry },
          exit: { protocol: 'rdm6300', port: exit },
          panel: { protocol: 'line', port: panel },
        },
        lock: { driver: 'line', reader: 'panel', output: 0, releaseMs: RELEASE_MS },
        contact: { reader: 'panel', input: 1, closedWhen: 'active' },
        exitButton: { reader: 'panel', input: 0 },
        heldOpenMs: 30_000,
        presence: { antiPassback: 'soft', forgiveMs: 43_200_000, overstayGraceMs: 900_000 },
      },
    ],
  };
  await boot('b-1', nowMs);
  await waitFor('the door', SEEN_MS, () => {
    const types = records().map(({ ty }) => ty);
    const readers = types.filter((ty) => ty === 'reader.online').length;
    return (readers === 3 && types.includes('policy.applied') && types.includes('door.closed')) || undefined;
  });
}

afterEach(async () => {
  await gateway.close();
  await simulated.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What the gateway has sent to its server. */
const records = (): readonly JournalRecord[] =>
  server.stored.flatMap((entry) => {
    const record = decodeRecord(utf8(entry));
    return record.ok ? [record.value] : [];
  });
const newest = (): number => records().at(-1)?.sq ?? -1;
const releases = (): number => simulated.lockLine().filter(({ isReleased }) => isReleased).length;

/** Presents a card and waits for what the gateway says of it. */
async function present(reader: 'entry' | 'exit', card: string): Promise<JournalRecord> {
  const since = newest();
  simulated.presentCard(reader, card.slice('em:'.length));
  const record = await waitFor('the answer', SEEN_MS, () =>
    records().find(({ sq, ty }) => sq > since && /^(access\.(granted|denied)|exit\.recorded)$/.test(ty)),
  );
  // Taken from the reader, so that the next time is a presentation anew.
  await waitFor('the card to go', SEEN_MS, () => nowMs() > record.t + 1700 || undefined);
  return record;
}

async function goThrough(reader: 'entry' | 'exit', card: string): Promise<JournalRecord> {
  const since = newest();
  simulated.presentCard(reader, card.slice('em:'.length));
  await waitFor('the leaf to give way', SEEN_MS, () => simulated.pushDoor() || undefined);
  const record = await waitFor('the answer', SEEN_MS, () =>
    records().find(({ sq, ty }) => sq > since && /^(access\.granted|exit\.recorded)$/.test(ty)),
  );
  await waitFor('the open leaf', SEEN_MS, () =>
    records().find(({ sq, ty }) => sq > record.sq && ty === 'door.opened'),
  );
  simulated.closeDoor();
  await waitFor('the shut leaf', SEEN_MS, () =>
    records().find(({ sq, ty }) => sq > record.sq && ty === 'door.closed'),
  );
  await waitFor('the card to go', SEEN_MS, () => nowMs() > record.t + 3500 || undefined);
  return record;
}

const sari = (changes: Partial<PermitClaims> = {}) => site.permit({ cred: [cred], ...changes });
const budi = (changes: Partial<PermitClaims> = {}) =>
  site.permit({ jti: `pm_${'Q'.repeat(22)}`, sub: BUDI, cred: [otherCred], ...changes });

describe('stories of guests and clocks', () => {
  it(
    'GL41: the escort leaves for lunch: let out at once, and who stays is told to be alone',
    { timeout: 90_000 },
    async () => {
      await open([sari(), budi({ esc: [SARI] })]);
      const alone = await present('entry', OTHER_CARD);
      expect([alone.rs, releases()]).toEqual(['escort-required', 0]);
      await goThrough('entry', CARD);
      await goThrough('entry', OTHER_CARD);
      const since = newest();
      await goThrough('exit', CARD);
      const told = records().find(({ sq, ty }) => sq > since && ty === 'escort.left');
      expect(told).toBeDefined();
      // After lunch all is well again, and the guest goes home.
      await goThrough('entry', CARD);
      await goThrough('exit', OTHER_CARD);
      expect(records().filter(({ ty }) => ty === 'escort.left')).toHaveLength(1);
    },
  );

  it(
    'GL40: broken glass: one person is not enough, two are, and it is loud',
    { timeout: 60_000 },
    async () => {
      await open([sari({ cls: 'glass', knd: 'emergency' }), budi()]);
      const alone = await present('entry', CARD);
      expect([alone.rs, releases()]).toEqual(['second-person-required', 0]);
      await present('entry', OTHER_CARD);
      expect(releases()).toBe(1);
      expect(records().some(({ ty }) => ty === 'emergency.used')).toBe(true);
    },
  );

  it(
    'GL56: the night in which clocks go forward: hours that began before it still reach after it',
    { timeout: 60_000 },
    async () => {
      // In Amsterdam 02:00 becomes 03:00 at 01:00 UTC on 28 March 2027; the permit's hours keep their own offset.
      const change = Date.UTC(2027, 2, 28, 1, 0);
      const nbf = change / 1000 - 6 * 3600;
      const win = [{ days: '6', from: '22:00', to: '06:00', utc: '+01:00' }];
      await open([sari({ nbf, iat: nbf, exp: nbf + 12 * 3600, win })], change - 6000);
      const before = await present('entry', CARD);
      await waitFor('the change', SEEN_MS, () => nowMs() > change + 500 || undefined);
      const after = await present('entry', CARD);
      expect([before.ty, after.ty]).toEqual(['access.granted', 'access.granted']);
      expect(before.t).toBeLessThan(change);
      expect(after.t).toBeGreaterThan(change);
      // The hour that the wall skips is skipped by no record.
      const times = records().map(({ t }) => t);
      const steps = times.slice(1).map((t, index) => t - (times[index] ?? t));
      expect(Math.max(...steps.map(Math.abs))).toBeLessThan(15_000);
      expect(records().filter(({ ty }) => ty === 'clock.jump' || ty === 'clock.rollback')).toEqual([]);
    },
  );

  it(
    'GL52: woken in 1970 without its server, with a permit that has ended meanwhile: the lock stays still',
    { timeout: 90_000 },
    async () => {
      const exp = Math.floor(START_MS / 1000) + 8;
      await open([sari({ exp })]);
      const before = await present('entry', CARD);
      expect([before.ty, releases()]).toEqual(['access.granted', 1]);
      await gateway.close();
      await waitFor('the end of the permit', SEEN_MS, () => nowMs() > (exp + 1) * 1000 || undefined);

      server.faults = Array.from({ length: 10_000 }, () => 'request-lost' as const);
      const wokenMs = performance.now();
      const from1970 = (): number => Math.round(performance.now() - wokenMs);
      await boot('b-2', from1970);
      await waitFor('the readers', SEEN_MS, () => performance.now() > wokenMs + 3000 || undefined);
      simulated.presentCard('entry', CARD.slice('em:'.length));
      await waitFor('the card to go', SEEN_MS, () => performance.now() > wokenMs + 6000 || undefined);
      expect(releases()).toBe(1);
      await gateway.close();

      server.faults = [];
      const since = newest();
      await boot('b-3', from1970);
      await waitFor('a clock that is trusted', SEEN_MS, () =>
        records().find(({ sq, ty }) => sq > since && ty === 'clock.trusted'),
      );
      const after = await present('entry', CARD);
      expect([after.rs, releases()]).toEqual(['expired', 1]);
      const denials = records().filter(({ ty }) => ty === 'access.denied');
      expect(denials.map(({ rs }) => rs)).toEqual(['clock-untrusted', 'expired']);
      for (const { t } of records()) expect(t).toBeGreaterThanOrEqual(START_MS - 2000);
    },
  );
});
