import { setMaxListeners } from 'node:events';
import { readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { pino, type Logger } from 'pino';
import { asEpochMs, asMonoMs, type Random } from '#contract/clock';
import { encodeHex, utf8 } from '#contract/bytes';
import { Fault, type Result } from '#contract/result';
import type { RootBody } from '#contract/root-document';
import { SEAL_EVERY_MS } from '#contract/seal';
import { openDoorHardware, type DoorHardware, type DoorHardwareConfig } from '../firmware-bridge/bridge.ts';
import { openEpochKeys, type EpochKeys } from './epoch-keys.ts';
import {
  openJournalHome,
  reclaimAll,
  recoverJournal,
  takeEpoch,
  type HomePorts,
  type JournalHome,
} from './journal-home.ts';
import { stepDisk, type DiskLevel } from './journal/step-disk.ts';
import { shiftAllowList } from './loop/override-desk.ts';
import { openSealChain } from './seal-chain.ts';
import { createMarkKeeper, openFileMedium } from './second-medium.ts';
import { createGatewayClock, type GatewayClock } from './clock/gateway-clock.ts';
import type { SignedTime } from './clock/step-clock.ts';
import { DEFAULT_BALLAST_MIB, type GatewayConfig } from './config.ts';
import { sha256, systemRandom } from './crypto-ports.ts';
import { decodeIdentity, decodeTrust, type GatewayIdentity, type IdentityError } from './identity.ts';
import type { NewRecord } from './journal/journal.ts';
import { createCommandBook } from './loop/command-book.ts';
import { openDoorLoop, type DoorCrashPoint, type DoorLoop } from './loop/door-loop.ts';
import { openMachineTime, type MachineBoot } from './machine-time.ts';
import { createPolicyStore } from './permits/policy-store.ts';
import { verifyCommand } from './permits/verify-command.ts';
import { openSnapshotFiles } from './permits/snapshot-files.ts';
import { replayPresence } from './presence/replay-presence.ts';
import { loadReaders } from './reader-keys.ts';
import { openContactSensor } from './sensors/contact-sensor.ts';
import { createDoorPublisher, onlineTopic } from './sensors/door-publisher.ts';
import { openFireSensor } from './sensors/fire-sensor.ts';
import { discoveryOf } from './sensors/home-assistant.ts';
import { openMqttLink } from './sensors/mqtt-link.ts';
import { createWiredContact } from './sensors/wired-contact.ts';
import { runCommandDesk } from './uplink/command-desk.ts';
import { runJournalUpload, type OpenEpochAction } from './uplink/journal-upload.ts';
import { createPause } from './uplink/pause.ts';
import { openTimeFile, type KeptTime } from './time-file.ts';
import { deniesIn, runPolicySync, runWake } from './uplink/policy-sync.ts';
import { createServerClient, type ServerClient } from './uplink/server-client.ts';

/** Written into every boot record. */
export const GATEWAY_VERSION = '0.1.0';

/** Points at which a test may end the process. */
export type CrashPoint = DoorCrashPoint | 'during-upload' | 'before-ack-stored';

export interface RunningGateway {
  /** Secures the locks, ends every task and closes the journal. */
  close(): Promise<void>;
  /** Rejects with what ended a task that must not end: a bug. Never resolves. */
  readonly failed: Promise<never>;
}

export interface GatewayOptions {
  /** With absolute paths. */
  readonly config: GatewayConfig;
  readonly clock: GatewayClock;
  readonly random: Random;
  readonly log: Logger;
  readonly fetch?: typeof globalThis.fetch;
  readonly openHardware?: (config: DoorHardwareConfig, clock: GatewayClock) => DoorHardware;
  readonly crashPoint?: (name: CrashPoint) => void;
  /** Opens the journal's database; a test hands in one that fails. */
  readonly openDatabase?: HomePorts['openDatabase'];
  /** Which run of the machine this is: signed time of the same run still counts after a restart of the program. */
  readonly boot?: MachineBoot;
}

const CHECK_CLOCK_EVERY_MS = 10_000;
/** What a crash may take off the floor; each write wears the card. */
const KEEP_TIME_EVERY_MS = 600_000;
const BACK_TOLERANCE_MS = 2000;
const REPLAYED_PASSAGES = 5000;
const CONFIG_SETTING = 'config-fingerprint';

/** How often the disk is looked at, and how soon after a record the head is signed. */
const CHECK_DISK_EVERY_MS = 60_000;
const SIGN_WITHIN_MS = 1000;
const VERIFY_EVERY_MS = 86_400_000;
/** A slice of records, and a rest after it in which the doors have the machine to themselves. */
const VERIFIED_AT_ONCE = 200;
const VERIFY_REST_MS = 100;
/** How long the start may wait for the number of an epoch. */
const EPOCH_WITHIN_MS = 10_000;

/** Why the journal has to go on elsewhere: in another epoch, or in another file as well. */
type Reopening =
  | { readonly kind: 'epoch'; readonly action: OpenEpochAction }
  | { readonly kind: 'tail-lost'; readonly lost: number }
  | { readonly kind: 'storage' };

/** A gateway's doors and tasks over one epoch of its journal. */
interface Parts {
  /** Ends them; the journal stays open. */
  close(): Promise<void>;
  readonly failed: Promise<never>;
}

/** What outlives an epoch. */
interface Base {
  readonly options: GatewayOptions;
  readonly identity: GatewayIdentity;
  readonly root: RootBody;
  readonly keys: EpochKeys;
  readonly client: ServerClient;
  readonly homePorts: HomePorts;
  /** Version of the orders in force, for the second medium. */
  readonly inForce: { policy: number };
}

/**
 * Opens a gateway: identity and trust, journal, orders, doors, broker, server, in this order, so that the doors
 * decide before anything beyond this machine has answered. Where the journal has to go on in another epoch, doors and
 * tasks are ended and opened anew over it, as after any start.
 * @throws Fault where the enrolment or the journal cannot be used
 */
export async function openGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { config } = options;
  const identity = orFault(decodeIdentity(readText(config.server.keyFile, 'key-file-unreadable')));
  if (identity.gateway !== config.id) throw new Fault('wrong-gateway', { retryable: false });
  const root = orFault(
    await decodeTrust(readText(config.server.trustFile, 'trust-file-unreadable'), identity.site),
  );

  const base = createBase(options, identity, root);
  const home = await openJournalHome(config.dataDir, base.homePorts);
  return supervise(base, home);
}

function createBase(options: GatewayOptions, identity: GatewayIdentity, root: RootBody): Base {
  const { config, clock, random, log } = options;
  const client = createServerClient({
    url: config.server.url,
    gateway: identity.gateway,
    signer: identity.signer,
    clock,
    random,
    fetch: options.fetch ?? globalThis.fetch,
  });
  const keys = openEpochKeys(join(config.dataDir, 'keys'), identity.gateway, random);
  const inForce = { policy: 0 };
  const fetchEpoch = async (after: number): Promise<number | null> => {
    try {
      const epoch = await client.fetchEpoch(keys.request(after), AbortSignal.timeout(EPOCH_WITHIN_MS));
      if (epoch === 'refused') return null;
      keys.keep(epoch);
      return epoch;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log.error({ fault: error.code }, 'the number of the next epoch could not be fetched');
      return null;
    }
  };
  const medium = config.secondMedium === undefined ? null : openFileMedium(config.secondMedium.file);
  const homePorts: HomePorts = {
    identity,
    keys,
    clock,
    random,
    timeFloor: () => clock.floorMs(),
    medium,
    keeper: medium && createMarkKeeper(medium, () => ({ floorMs: clock.floorMs(), policy: inForce.policy })),
    spareDir: config.spareDir ?? null,
    ballastBytes: (config.ballastMiB ?? DEFAULT_BALLAST_MIB) * 1_048_576,
    shiftSetting: shiftAllowList,
    ...(options.openDatabase !== undefined && { openDatabase: options.openDatabase }),
    fetchEpoch,
    log,
  };
  return { options, identity, root, keys, client, homePorts, inForce };
}

/** Runs the parts of a gateway over one epoch after another, until it is closed. */
async function supervise(base: Base, first: JournalHome): Promise<RunningGateway> {
  const { log, config } = base.options;
  let home = first;
  let parts: Parts;
  let reject: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, onFailed) => {
    reject = onFailed;
  });
  // Whoever does not look at it still has the log line of the process's end.
  failed.catch(() => undefined);
  /** Changes of the epoch and the end, one after another. */
  let queue: Promise<void> = Promise.resolve();
  let isClosing = false;
  let isReopening = false;

  async function goOn(reopening: Reopening): Promise<void> {
    log.error({ why: reopening.kind }, 'the journal goes on in another epoch: the doors begin anew');
    await parts.close();
    if (reopening.kind === 'storage') {
      home.journal.close();
      home = await recoverJournal(home.dir, config.spareDir ?? home.dir, base.homePorts);
    } else {
      const { journal } = home;
      const action = reopening.kind === 'epoch' ? reopening.action : null;
      const { epoch, signer } = await takeEpoch(journal.epoch, base.homePorts);
      const size = action === null ? journal.acknowledgedSize() : action.size;
      const lost = reopening.kind === 'tail-lost' ? { lost: reopening.lost } : {};
      journal.openEpoch({ epoch, signer, why: action?.why ?? 'tail-lost', size, ...lost });
      await reclaimAll(journal);
    }
    open(await openParts(base, home, reopen));
  }

  function reopen(reopening: Reopening): void {
    // One is enough: the others found the same journal.
    if (isClosing || isReopening) return;
    isReopening = true;
    queue = queue
      .then(() => (isClosing ? undefined : goOn(reopening)))
      .then(() => {
        isReopening = false;
      });
    queue.catch(reject);
  }

  function open(opened: Parts): void {
    parts = opened;
    opened.failed.catch(reject);
  }

  try {
    open(await openParts(base, home, reopen));
  } catch (error) {
    home.journal.close();
    throw error;
  }
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    isClosing = true;
    await queue.catch(() => undefined);
    await parts.close();
    home.journal.close();
    log.info('gateway stopped');
  };
  return { failed, close: () => (closing ??= close()) };
}

async function openParts(
  base: Base,
  home: JournalHome,
  reopen: (reopening: Reopening) => void,
): Promise<Parts> {
  const { options, identity, root, client, keys } = base;
  const { journal } = home;
  const { config, clock, random, log } = options;
  const crashPoint = options.crashPoint ?? (() => undefined);
  // Before any port is open: a key that cannot be used stops the start.
  const readersOfDoor = config.doors.map(loadReaders);
  const timeFile = openTimeFile(join(config.dataDir, 'time'));
  clock.raiseFloor(journal.timeFloorMs);
  // An old image that somebody put back has an old floor; another device still has the newer one.
  const mark = base.homePorts.medium?.read() ?? null;
  if (mark !== null) clock.raiseFloor(asEpochMs(mark.floorMs));
  takeKeptTime(clock, timeFile.read(), options.boot);
  // Read before the boot is recorded, whose own stamp is the first that may be earlier.
  const backByMs = journal.lastStampMs - clock.epochMs();
  journal.beginBoot(GATEWAY_VERSION);
  if (backByMs > BACK_TOLERANCE_MS) {
    journal.append([{ ty: 'clock.rollback', x: { byMs: Math.round(backByMs), behind: 'last-record' } }]);
  }
  const fingerprint = fingerprintOf(config);
  if (journal.readSetting(CONFIG_SETTING) !== fingerprint) {
    journal.append([{ ty: 'config.changed', x: { fingerprint } }], { [CONFIG_SETTING]: fingerprint });
  }

  const { site, issuer, gateway, epoch } = identity;
  const trust = { root, site, issuer, gateway, epoch };
  const policy = createPolicyStore({
    trust,
    files: openSnapshotFiles(join(config.dataDir, 'policy')),
    journal,
    timeFloor: () => clock.floorMs(),
  });
  const loaded = await policy.load();
  if (!loaded.ok) log.error({ why: loaded.error }, 'kept orders are not in force');

  const online = onlineTopic(identity.site, identity.gateway);
  const link =
    config.mqtt &&
    openMqttLink({
      config: config.mqtt,
      clientId: `${identity.site}-${identity.gateway}`,
      presence: { topic: online, online: 'online', offline: 'offline' },
      log,
    });
  const publisher = link && createDoorPublisher(link, identity.site);
  const stopPublishing =
    publisher && journal.onAppended((records) => records.forEach((record) => publisher.publishEvent(record)));

  const passages = journal.readPassages(REPLAYED_PASSAGES);
  const openHardware = options.openHardware ?? openDoorHardware;
  const doors: DoorLoop[] = [];
  const sensors: { close(): void }[] = [];
  const doorById = new Map<string, DoorLoop>();
  const neighbourOf = (id: string): string | undefined =>
    config.interlock?.includes(id) === true ? config.interlock.find((other) => other !== id) : undefined;
  for (const [index, doorConfig] of config.doors.entries()) {
    const neighbour = neighbourOf(doorConfig.id);
    const hardware = openHardware(
      {
        doorId: doorConfig.id,
        readers: readersOfDoor[index] ?? {},
        lock: doorConfig.lock,
      },
      clock,
    );
    hardware.onEvent((event) => {
      if (event.type !== 'journal-mark') return;
      // An exit that could not be recorded names the place where its record would stand.
      const isAhead = event.epoch === journal.epoch ? event.sq > journal.size() : event.epoch > journal.epoch;
      if (!isAhead) return;
      log.error({ door: doorConfig.id }, 'the door has obeyed records that the journal does not hold');
      reopen({ kind: 'tail-lost', lost: Math.max(0, event.sq - journal.size()) });
    });
    const door = openDoorLoop(doorConfig, replayPresence(doorConfig.id, passages), {
      hardware,
      journal,
      orders: journal,
      // A neighbour that is not there yet is not seen shut.
      isNeighbourShut: () => (neighbour === undefined ? null : doorById.get(neighbour)?.isShut() === true),
      policy: () => policy.current(),
      clock,
      pepper: identity.pepper,
      siteId: identity.site,
      publishState: (state) => publisher?.publishState(doorConfig.id, state),
      crashPoint,
      log: log.child({ door: doorConfig.id }),
    });
    doors.push(door);
    doorById.set(doorConfig.id, door);
    for (const { topic, payload } of discoveryOf(identity.site, identity.gateway, doorConfig.id)) {
      link?.publish(topic, payload, { isRetained: true });
    }
    const { fireInput } = doorConfig;
    if (fireInput !== undefined && 'topic' in fireInput && link !== undefined) {
      sensors.push(
        openFireSensor({ config: fireInput, link, clock, onFire: (isActive) => door.takeFire(isActive) }),
      );
    }
    if (doorConfig.contact !== undefined && 'reader' in doorConfig.contact) {
      const contact = createWiredContact(doorConfig.contact);
      hardware.onEvent((event) => {
        const reading = contact.take(event);
        if (reading !== null) door.takeContact(reading);
      });
    } else if (doorConfig.contact !== undefined && link !== undefined) {
      sensors.push(
        openContactSensor({
          config: doorConfig.contact,
          link,
          clock,
          onReading: (reading) => door.takeContact(reading),
        }),
      );
    }
  }

  const stopping = new AbortController();
  const { signal } = stopping;
  // Every wait of every task listens to it: that is no leak.
  setMaxListeners(100, signal);
  const publishDoors = (): void => doors.forEach((door) => door.publish());
  let keptAtMs = -Infinity;
  const keepTime = (): void => {
    keptAtMs = clock.monoMs();
    try {
      timeFile.write(timeToKeep(clock, options.boot));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      // The journal holds the floor as well.
      log.error({ fault: error.code }, 'the time could not be kept');
    }
  };
  const onTime = (time: SignedTime): void => {
    const was = clock.trust();
    clock.trustSigned(time);
    if (was < 3) {
      note({ ty: 'clock.trusted', x: { was } });
      keepTime();
    }
    publishDoors();
  };
  const note = (record: NewRecord): void => {
    try {
      journal.append([record]);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log.error({ fault: error.code }, 'an event of the gateway could not be recorded');
    }
  };
  const watchClock = async (): Promise<void> => {
    while (!signal.aborted) {
      const event = clock.check();
      if (event !== null) note({ ty: event.ty, x: { byMs: event.byMs } });
      publishDoors();
      if (clock.monoMs() - keptAtMs >= KEEP_TIME_EVERY_MS) keepTime();
      await clock.sleepUntil(asMonoMs(clock.monoMs() + CHECK_CLOCK_EVERY_MS), signal);
    }
  };

  /** Does something to the journal that the doors do not wait for; what it cannot do now it does later. */
  const tryJournal = (what: string, work: () => void): void => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log.error({ fault: error.code }, what);
    }
  };
  const sleepMs = (ms: number): Promise<void> => clock.sleepUntil(asMonoMs(clock.monoMs() + ms), signal);
  const signHead = (): void =>
    tryJournal('the head of the journal could not be signed', () => journal.signHead());
  const { keeper } = base.homePorts;
  const headPause = createPause(clock);
  const stopFollowing = journal.onAppended(() => {
    headPause.wake();
    base.inForce.policy = policy.current()?.index.version ?? 0;
    const size = journal.size();
    tryJournal('the second medium takes no marks', () =>
      keeper?.follow({ epoch: journal.epoch, size, head: journal.hashAt(size) ?? '' }),
    );
  });
  const stopFailing = journal.onFailed(({ code }) => {
    // A file that is damaged is set aside; on a disk that fails there is nowhere to go but to another one. Without it
    // nobody is let in, and everybody out.
    const hasSpare = config.spareDir !== undefined && home.dir !== config.spareDir;
    if (hasSpare || code === 'journal-corrupt') reopen({ kind: 'storage' });
  });
  async function signHeads(): Promise<void> {
    while (!signal.aborted) {
      await headPause.waitMs(VERIFY_EVERY_MS, signal);
      await sleepMs(SIGN_WITHIN_MS);
      signHead();
    }
  }
  const seals = openSealChain(config.dataDir, journal);
  async function sealJournal(): Promise<void> {
    if (seals === null) return;
    while (!signal.aborted) {
      await sleepMs(SEAL_EVERY_MS);
      if (!signal.aborted) tryJournal('the journal could not be sealed', () => seals.seal());
    }
  }
  async function watchDisk(): Promise<void> {
    let level: DiskLevel = 'good';
    const { ballast } = home;
    const { ballastBytes } = base.homePorts;
    if (!ballast.isGone() && !(await ballast.hold())) log.error('there is no room for the ballast');
    while (!signal.aborted) {
      const { bavail, blocks, bsize } = statfsSync(home.dir);
      const look = {
        freeBytes: bavail * bsize,
        totalBytes: blocks * bsize,
        isBallastGone: ballast.isGone(),
        ballastBytes,
      };
      const step = stepDisk(level, look);
      ({ level } = step);
      for (const action of step.actions) {
        if (action.kind === 'note')
          note({ ty: action.ty, x: { freeMiB: Math.floor(look.freeBytes / 1_048_576) } });
        else if (action.kind === 'give-up-ballast') ballast.giveUp();
        else if (action.kind === 'hold-ballast') await ballast.hold();
        else tryJournal('openings could not be erased', () => journal.eraseOpenings(clock.epochMs()));
      }
      await sleepMs(CHECK_DISK_EVERY_MS);
    }
  }
  async function verifyJournal(): Promise<void> {
    while (!signal.aborted) {
      await sleepMs(VERIFY_EVERY_MS);
      for (let next: number | null = 0; next !== null && !signal.aborted;) {
        const slice = journal.verifySlice(next, VERIFIED_AT_ONCE);
        if ('damaged' in slice) {
          log.error({ place: slice.damaged }, 'a record of the journal is not what it was');
          return reopen({ kind: 'storage' });
        }
        ({ next } = slice);
        await sleepMs(VERIFY_REST_MS);
      }
    }
  }

  const policyPause = createPause(clock);
  const commandPause = createPause(clock);
  const onCommands = (): void => commandPause.wake();
  let lastRefusal: string | null = null;
  const onRefused = (why: string): void => {
    log.error({ why }, 'what came as an order was none');
    // Once for each reason: who answers wrongly all day must not fill the journal.
    if (why !== lastRefusal) note({ ty: 'policy.rejected', x: { why: `command-${why}` } });
    lastRefusal = why;
  };
  const tasks = [
    runPolicySync({
      policy,
      client,
      clock,
      random,
      log,
      pause: policyPause,
      onTime,
      onDate: (at) => clock.raiseFloor(at),
      onCommands,
      signal,
    }),
    runCommandDesk({
      client,
      clock,
      random,
      log,
      pause: commandPause,
      verify: (jws, nonce) => verifyCommand(jws, policy.trust(), nonce),
      obey: createCommandBook(journal.readOrders(), doorById),
      onRefused,
      signal,
    }),
    runWake({
      client,
      clock,
      random,
      rest: createPause(clock),
      onPolicy: (data) => {
        void policy.takeDenies(deniesIn(data));
        policyPause.wake();
      },
      onCommands,
      signal,
    }),
    runJournalUpload({ journal, keys, client, clock, random, log, crashPoint, signal }).then((action) => {
      if (action !== null) reopen({ kind: 'epoch', action });
    }),
    watchClock(),
    watchDisk(),
    signHeads(),
    sealJournal(),
    verifyJournal(),
  ];
  const failed = new Promise<never>((_, reject) => {
    for (const task of tasks) task.catch(reject);
  });
  // Whoever does not look at it still has the log line of the process's end.
  failed.catch(() => undefined);
  log.info(
    { gateway: identity.gateway, epoch: journal.epoch, doors: config.doors.length },
    'gateway started',
  );

  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    stopping.abort();
    sensors.forEach((sensor) => sensor.close());
    await Promise.all(doors.map((door) => door.close()));
    await Promise.allSettled(tasks);
    await link?.close();
    stopPublishing?.();
    keepTime();
    stopFollowing();
    stopFailing();
    signHead();
  };
  return { failed, close: () => (closing ??= close()) };
}

/** Takes what was kept; the signed time in it counts only where the machine was not started anew since. */
function takeKeptTime(clock: GatewayClock, kept: KeptTime | null, boot: MachineBoot | undefined): void {
  if (kept === null) return;
  clock.raiseFloor(asEpochMs(kept.floorMs));
  const { anchor } = kept;
  if (anchor === null || boot === undefined || anchor.boot !== boot.id) return;
  clock.trustSigned({
    epochMs: asEpochMs(anchor.epochMs),
    monoMs: asMonoMs(anchor.monoMs - boot.originMs),
    errorMs: anchor.errorMs,
  });
}

function timeToKeep(clock: GatewayClock, boot: MachineBoot | undefined): KeptTime {
  const signed = clock.signedTime();
  const floorMs = clock.floorMs();
  if (signed === null || boot === undefined || boot.id === null) return { floorMs, anchor: null };
  const { epochMs, errorMs } = signed;
  return { floorMs, anchor: { boot: boot.id, monoMs: signed.monoMs + boot.originMs, epochMs, errorMs } };
}

/** Without what the broker's address may hold of a password: a hash of it could be guessed at. */
function fingerprintOf(config: GatewayConfig): string {
  const url = config.mqtt && new URL(config.mqtt.url);
  if (url !== undefined) url.password = '';
  const known = { ...config, ...(url !== undefined && { mqtt: { ...config.mqtt, url: url.href } }) };
  return encodeHex(sha256(utf8(JSON.stringify(known))));
}

function readText(path: string, code: IdentityError): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Fault(code, { retryable: false, cause: error });
  }
}

function orFault<T>(result: Result<T, IdentityError>): T {
  if (!result.ok) throw new Fault(result.error, { retryable: false });
  return result.value;
}

/**
 * Runs the gateway that a configuration describes, with this machine's clock, randomness and environment.
 * `PALANG_LOG_LEVEL` (info) and, for tests, `PALANG_CRASH_AT` are read here alone.
 * @throws Fault where the enrolment or the journal cannot be used
 */
export async function startGateway(config: GatewayConfig): Promise<RunningGateway> {
  const crashAt = process.env['PALANG_CRASH_AT'];
  const time = openMachineTime();
  try {
    const gateway = await openGateway({
      config,
      clock: createGatewayClock(time.source),
      boot: time.boot,
      random: systemRandom,
      log: pino({ level: process.env['PALANG_LOG_LEVEL'] ?? 'info' }),
      crashPoint: (name) => {
        if (name === crashAt) process.kill(process.pid, 'SIGKILL');
      },
    });
    return { failed: gateway.failed, close: () => gateway.close().finally(() => time.close()) };
  } catch (error) {
    time.close();
    throw error;
  }
}
