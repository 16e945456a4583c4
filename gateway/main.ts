import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino, type Logger } from 'pino';
import { asEpochMs, asMonoMs, type Random } from '#contract/clock';
import { encodeHex, utf8 } from '#contract/bytes';
import { Fault, type Result } from '#contract/result';
import type { RootBody } from '#contract/root-document';
import { openDoorHardware, type DoorHardware, type DoorHardwareConfig } from '../firmware-bridge/bridge.ts';
import { createGatewayClock, type GatewayClock } from './clock/gateway-clock.ts';
import type { SignedTime } from './clock/step-clock.ts';
import type { GatewayConfig } from './config.ts';
import { sha256, systemRandom } from './crypto-ports.ts';
import { decodeIdentity, decodeTrust, type GatewayIdentity, type IdentityError } from './identity.ts';
import { openJournal, type Journal, type NewRecord } from './journal/journal.ts';
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
import { runJournalUpload } from './uplink/journal-upload.ts';
import { createPause } from './uplink/pause.ts';
import { openTimeFile, type KeptTime } from './time-file.ts';
import { runPolicySync, runWake } from './uplink/policy-sync.ts';
import { createServerClient } from './uplink/server-client.ts';

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
  /** Which run of the machine this is: signed time of the same run still counts after a restart of the program. */
  readonly boot?: MachineBoot;
}

const CHECK_CLOCK_EVERY_MS = 10_000;
/** What a crash may take off the floor; each write wears the card. */
const KEEP_TIME_EVERY_MS = 600_000;
const BACK_TOLERANCE_MS = 2000;
const REPLAYED_PASSAGES = 5000;
const CONFIG_SETTING = 'config-fingerprint';

/**
 * Opens a gateway: identity and trust, journal, orders, doors, broker, server, in this order, so that the doors
 * decide before anything beyond this machine has answered.
 * @throws Fault where the enrolment or the journal cannot be used
 */
export async function openGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { config, clock, random } = options;
  const identity = orFault(decodeIdentity(readText(config.server.keyFile, 'key-file-unreadable')));
  if (identity.gateway !== config.id) throw new Fault('wrong-gateway', { retryable: false });
  const root = orFault(
    await decodeTrust(readText(config.server.trustFile, 'trust-file-unreadable'), identity.site),
  );

  const journal = openJournal(config.dataDir, identity, { clock, random, timeFloor: () => clock.floorMs() });
  try {
    return await openParts(options, identity, root, journal);
  } catch (error) {
    journal.close();
    throw error;
  }
}

async function openParts(
  options: GatewayOptions,
  identity: GatewayIdentity,
  root: RootBody,
  journal: Journal,
): Promise<RunningGateway> {
  const { config, clock, random, log } = options;
  const crashPoint = options.crashPoint ?? (() => undefined);
  // Before any port is open: a key that cannot be used stops the start.
  const readersOfDoor = config.doors.map(loadReaders);
  const timeFile = openTimeFile(join(config.dataDir, 'time'));
  clock.raiseFloor(journal.timeFloorMs);
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

  const trust = { root, site: identity.site, issuer: identity.issuer, gateway: identity.gateway };
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
  if (publisher !== undefined) {
    journal.onAppended((records) => records.forEach((record) => publisher.publishEvent(record)));
  }

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
  const client = createServerClient({
    url: config.server.url,
    gateway: identity.gateway,
    signer: identity.signer,
    clock,
    random,
    fetch: options.fetch ?? globalThis.fetch,
  });
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
    runPolicySync({ policy, client, clock, random, log, pause: policyPause, onTime, onCommands, signal }),
    runCommandDesk({
      client,
      clock,
      random,
      log,
      pause: commandPause,
      verify: (jws, nonce) => verifyCommand(jws, trust, nonce),
      obey: createCommandBook(journal.readOrders(), doorById),
      onRefused,
      signal,
    }),
    runWake({
      client,
      clock,
      random,
      rest: createPause(clock),
      onPolicy: () => policyPause.wake(),
      onCommands,
      signal,
    }),
    runJournalUpload({ journal, client, clock, random, log, crashPoint, signal }),
    watchClock(),
  ];
  const failed = new Promise<never>((_, reject) => {
    for (const task of tasks) task.catch(reject);
  });
  // Whoever does not look at it still has the log line of the process's end.
  failed.catch(() => undefined);
  log.info(
    { gateway: identity.gateway, epoch: identity.epoch, doors: config.doors.length },
    'gateway started',
  );

  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    stopping.abort();
    sensors.forEach((sensor) => sensor.close());
    await Promise.all(doors.map((door) => door.close()));
    await Promise.allSettled(tasks);
    await link?.close();
    keepTime();
    journal.close();
    log.info('gateway stopped');
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
