import { setMaxListeners } from 'node:events';
import { cpSync, existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { JournalUpload } from '#contract/api';
import type { Random } from '#contract/clock';
import { Fault } from '#contract/result';
import type { DoorConfig } from '../../gateway/config.ts';
import { createGatewayClock, type GatewayClock } from '../../gateway/clock/gateway-clock.ts';
import type { Signer } from '../../gateway/crypto-ports.ts';
import { openEpochKeys, type EpochKeys } from '../../gateway/epoch-keys.ts';
import type { GatewayIdentity } from '../../gateway/identity.ts';
import {
  openJournalHome,
  reclaimAll,
  recoverJournal,
  takeEpoch,
  type HomePorts,
  type JournalHome,
} from '../../gateway/journal-home.ts';
import { openDoorLoop, type DoorCrashPoint, type DoorLoop } from '../../gateway/loop/door-loop.ts';
import { createPolicyStore, type PolicyStore } from '../../gateway/permits/policy-store.ts';
import { openSnapshotFiles } from '../../gateway/permits/snapshot-files.ts';
import { replayPresence } from '../../gateway/presence/replay-presence.ts';
import { createMarkKeeper, openFileMedium, type MarkKeeper } from '../../gateway/second-medium.ts';
import { runJournalUpload, type OpenEpochAction } from '../../gateway/uplink/journal-upload.ts';
import type { ServerClient } from '../../gateway/uplink/server-client.ts';
import {
  createFakeHardware,
  ISSUER,
  silentLog,
  SITE,
  type FakeHardware,
  type TestSite,
} from '../suites/gateway-world.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What the machine of a gateway says of the time, and how wrong that is. */
export interface MachineClock {
  /** How far the system's clock is off, ms. */
  offsetMs: number;
  /** How fast the crystal runs; 1 for rightly. */
  readonly rate: number;
  isSynchronised: boolean;
  readonly hasBattery: boolean;
}

/** What the world has to know of a gateway, and may do to it. */
export interface GatewayPorts {
  readonly id: string;
  readonly door: string;
  readonly signer: Signer;
  readonly dir: string;
  readonly time: VirtualTime;
  readonly site: TestSite;
  readonly random: Random;
  readonly hasMedium: boolean;
  readonly machine: MachineClock;
  readonly client: Pick<ServerClient, 'uploadJournal' | 'fetchEpoch'>;
  /** A lock was told to open, by a program that lives. */
  readonly onPulse: (id: string, gateway: WorldGateway) => void;
  readonly onSecure: (gateway: WorldGateway) => void;
  readonly onSent: (epoch: number, upload: JournalUpload, gateway: WorldGateway) => void;
  readonly onEpochOpened: (why: string) => void;
}

/** What runs between two starts. */
interface Running {
  readonly home: JournalHome;
  readonly clock: GatewayClock;
  readonly keys: EpochKeys;
  readonly policy: PolicyStore;
  readonly door: DoorLoop;
  readonly hardware: FakeHardware;
  readonly stopping: AbortController;
  readonly upload: Promise<void>;
}

/** The program of a gateway over real files, whose power and disk the world holds in its hand. */
export interface WorldGateway {
  readonly id: string;
  readonly door: string;
  readonly machine: MachineClock;
  /** Null while it does not run. */
  running(): Running | null;
  /** Folder of the journal that counts now. */
  journalDir(): string;
  /** Starts the program; false where it cannot start, with the code of the fault. */
  start(): Promise<true | string>;
  /** The power fails at the next point of this name. */
  armCut(point: DoorCrashPoint): void;
  /** The power fails now. */
  cut(): void;
  isCut(): boolean;
  /** Ends the program in order; its disk stays. */
  stop(): Promise<void>;
  /** What a disk that lies forgets: some bytes of the end of its log. @returns whether it forgot any */
  forget(part: number): boolean;
  /** Turns one bit of a file of the journal. */
  rot(part: number): boolean;
  keepImage(): void;
  /** Puts an old image of the whole disk back; false where there is none. */
  putImageBack(): boolean;
  /** The journal's disk has no room, or has room again. */
  setFull(isFull: boolean): void;
  /** Writes to the journal fail from now on, as a disk does that is dying. */
  failDisk(): void;
  /** Another disk in the place of the one that fails. @returns false where that did not start either */
  replaceDisk(): Promise<true | string>;
}

const CONFIG = (door: string): DoorConfig => ({
  id: door,
  readers: {
    entry: { protocol: 'rdm6300', port: '/dev/entry' },
    exit: { protocol: 'rdm6300', port: '/dev/exit' },
    panel: { protocol: 'line', port: '/dev/panel' },
  },
  lock: { driver: 'line', reader: 'panel', output: 0, releaseMs: 5000 },
  exitButton: { reader: 'panel', input: 0 },
  heldOpenMs: 30_000,
  presence: { antiPassback: 'soft', forgiveMs: 43_200_000, overstayGraceMs: 900_000 },
});

const NOT_DURABLE = /journal\.lock|-shm$/;
const codeOf = (error: unknown): string => {
  if (error instanceof Fault) return error.code;
  throw error;
};

/** Creates a gateway that does not run yet. */
export function createWorldGateway(ports: GatewayPorts): WorldGateway {
  const { id, time, site, machine, random } = ports;
  let life = 0;
  let dir = join(ports.dir, id, 'life-0');
  let image: string | null = null;
  let running: Running | null = null;
  let cutTo: string | null = null;
  let armed: DoorCrashPoint | null = null;
  let database: Database.Database | null = null;
  let keeper: MarkKeeper | null = null;
  const medium = ports.hasMedium ? openFileMedium(join(ports.dir, `${id}.mark`)) : null;
  const identity: GatewayIdentity = {
    gateway: id,
    site: SITE,
    issuer: ISSUER,
    epoch: 1,
    signer: ports.signer,
    pepper: site.pepper,
  };

  const copyDisk = (from: string, to: string): void =>
    cpSync(from, to, { recursive: true, filter: (path) => !NOT_DURABLE.test(path) });

  function cut(): void {
    if (cutTo !== null || running === null) return;
    life += 1;
    cutTo = join(ports.dir, id, `life-${life}`);
    copyDisk(dir, cutTo);
  }

  function crashPoint(point: DoorCrashPoint | 'during-upload' | 'before-ack-stored'): void {
    if (armed === point) {
      armed = null;
      cut();
    }
  }

  function makeClock(): GatewayClock {
    const bootMs = time.nowMs();
    const monoMs = (): number => (time.nowMs() - bootMs) * machine.rate;
    return createGatewayClock({
      epochMs: () => time.nowMs() + machine.offsetMs,
      monoMs,
      isSynchronised: () => machine.isSynchronised,
      hasBatteryClock: () => machine.hasBattery,
      // A moment of this machine's clock is a moment of true time only while it runs.
      sleepUntil: (atMonoMs, signal) => time.sleepUntil(bootMs + Math.ceil(atMonoMs / machine.rate), signal),
    });
  }

  function homePorts(clock: GatewayClock, keys: EpochKeys): HomePorts {
    return {
      identity,
      keys,
      clock,
      random,
      timeFloor: () => clock.floorMs(),
      medium,
      keeper,
      spareDir: join(dir, 'spare'),
      ballastBytes: 0,
      openDatabase: (path) => {
        database = new Database(path);
        return database;
      },
      fetchEpoch: async (after) => {
        try {
          const epoch = await ports.client.fetchEpoch(keys.request(after), new AbortController().signal);
          if (epoch === 'refused') return null;
          keys.keep(epoch);
          return epoch;
        } catch (error) {
          codeOf(error);
          return null;
        }
      },
      log: silentLog,
    };
  }

  async function open(opening: (home: HomePorts) => Promise<JournalHome>): Promise<true | string> {
    const clock = makeClock();
    const keys = openEpochKeys(join(dir, 'keys'), id, random);
    let home: JournalHome;
    try {
      keeper =
        medium &&
        createMarkKeeper(medium, () => ({
          floorMs: clock.floorMs(),
          policy: running?.policy.current()?.index.version ?? 0,
        }));
      home = await opening(homePorts(clock, keys));
    } catch (error) {
      return codeOf(error);
    }
    try {
      await openParts(home, clock, keys);
      return true;
    } catch (error) {
      home.journal.close();
      return codeOf(error);
    }
  }

  async function openParts(home: JournalHome, clock: GatewayClock, keys: EpochKeys): Promise<void> {
    const { journal } = home;
    clock.raiseFloor(journal.timeFloorMs);
    journal.beginBoot('sim');
    const policy = createPolicyStore({
      trust: { ...site.trust, gateway: id },
      files: openSnapshotFiles(join(dir, 'policy')),
      journal,
      timeFloor: () => clock.floorMs(),
    });
    await time.during(() => policy.load());
    const hardware = createFakeHardware();
    const obey = hardware.pulse.bind(hardware);
    hardware.pulse = (command) => {
      if (cutTo === null) ports.onPulse(command.id, gateway);
      return obey(command);
    };
    const secure = hardware.secure.bind(hardware);
    hardware.secure = () => {
      if (cutTo === null) ports.onSecure(gateway);
      return secure();
    };
    const door = openDoorLoop(CONFIG(ports.door), replayPresence(ports.door, journal.readPassages(1000)), {
      hardware,
      journal,
      orders: journal,
      isNeighbourShut: () => null,
      policy: () => policy.current(),
      clock,
      pepper: site.pepper,
      siteId: SITE,
      publishState: () => undefined,
      crashPoint,
      log: silentLog,
    });
    journal.onAppended(() => {
      if (cutTo !== null || keeper === null) return;
      const size = journal.size();
      keeper.follow({ epoch: journal.epoch, size, head: journal.hashAt(size) ?? '' });
    });
    const stopping = new AbortController();
    setMaxListeners(100, stopping.signal);
    const upload = runUpload(home, clock, keys, stopping.signal);
    running = { home, clock, keys, policy, door, hardware, stopping, upload };
    for (const reader of ['entry', 'exit', 'panel']) {
      hardware.emit({ type: 'reader', reader, state: 'online', reason: 'opened', atMs: clock.monoMs() });
    }
    door.takeContact({ contact: 'closed', isInitial: true });
  }

  async function runUpload(
    home: JournalHome,
    clock: GatewayClock,
    keys: EpochKeys,
    signal: AbortSignal,
  ): Promise<void> {
    const action = await runJournalUpload({
      journal: home.journal,
      keys,
      client: {
        uploadJournal: (epoch, upload, own) => {
          // A program without power sends nothing.
          if (cutTo !== null) return Promise.reject(new Fault('power-cut', { retryable: true }));
          ports.onSent(epoch, upload, gateway);
          return ports.client.uploadJournal(epoch, upload, own);
        },
        fetchEpoch: (request, own) => ports.client.fetchEpoch(request, own),
      },
      clock,
      random,
      log: silentLog,
      crashPoint,
      signal,
    });
    if (action !== null && cutTo === null) goOnLater(home, clock, keys, action);
  }

  /** The journal goes on in another epoch: doors and tasks begin anew over it, as the program does it. */
  function goOnLater(home: JournalHome, clock: GatewayClock, keys: EpochKeys, action: OpenEpochAction): void {
    void (async () => {
      const before = running;
      if (before === null || before.home !== home) return;
      running = null;
      before.stopping.abort();
      await before.door.close();
      if (cutTo !== null) return;
      try {
        const { epoch, signer } = await takeEpoch(home.journal.epoch, homePorts(clock, keys));
        home.journal.openEpoch({ epoch, signer, why: action.why, size: action.size });
        ports.onEpochOpened(action.why);
        await reclaimAll(home.journal);
        await openParts(home, clock, keys);
      } catch (error) {
        codeOf(error);
        home.journal.close();
      }
    })();
  }

  async function end(): Promise<void> {
    const before = running;
    running = null;
    armed = null;
    if (before !== null) {
      before.stopping.abort();
      await before.door.close();
      await before.upload;
      await time.settle();
      before.home.journal.close();
    }
    if (cutTo !== null) {
      rmSync(dir, { recursive: true, force: true });
      dir = cutTo;
      cutTo = null;
    }
    database = null;
  }

  const journalDir = (): string => (existsSync(join(dir, 'spare', 'journal.db')) ? join(dir, 'spare') : dir);

  const gateway: WorldGateway = {
    id,
    door: ports.door,
    machine,
    running: () => running,
    journalDir,
    start: () => open((home) => openJournalHome(dir, home)),
    armCut: (point) => {
      armed = point;
    },
    cut,
    isCut: () => cutTo !== null,
    stop: end,
    forget: (part) => {
      const path = join(journalDir(), 'journal.db-wal');
      const size = existsSync(path) ? statSync(path).size : 0;
      if (size === 0) return false;
      truncateSync(path, Math.floor(size * part));
      return true;
    },
    rot: (part) => {
      const names = ['journal.db-wal', 'journal.db'].map((name) => join(journalDir(), name));
      const path = names.find((name) => existsSync(name) && statSync(name).size > 0);
      if (path === undefined) return false;
      const bytes = readFileSync(path);
      // Not the header: of a file without one nothing at all is a journal.
      const at = 4096 + Math.floor((bytes.length - 4096) * part);
      if (at >= bytes.length) return false;
      bytes[at] = (bytes[at] ?? 0) ^ 4;
      writeFileSync(path, bytes);
      return true;
    },
    keepImage: () => {
      image = join(ports.dir, id, 'image');
      rmSync(image, { recursive: true, force: true });
      copyDisk(dir, image);
    },
    putImageBack: () => {
      if (image === null) return false;
      rmSync(dir, { recursive: true, force: true });
      copyDisk(image, dir);
      return true;
    },
    setFull: (isFull) => {
      const pages = Number(database?.pragma('page_count', { simple: true }) ?? 0);
      database?.pragma(`max_page_count = ${isFull ? pages : 1_000_000}`);
    },
    failDisk: () => {
      database?.exec(`CREATE TEMP TRIGGER IF NOT EXISTS disk_dies BEFORE INSERT ON records
        BEGIN SELECT RAISE(FAIL, 'the disk fails'); END`);
    },
    replaceDisk: () => open((home) => recoverJournal(journalDir(), join(dir, 'spare'), home)),
  };
  return gateway;
}
