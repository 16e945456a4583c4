import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino, type Logger } from 'pino';
import { asMonoMs, type Random } from '#contract/clock';
import { encodeHex, utf8 } from '#contract/bytes';
import { Fault, type Result } from '#contract/result';
import type { RootBody } from '#contract/root-document';
import { openDoorHardware, type DoorHardware, type DoorHardwareConfig } from '../firmware-bridge/bridge.ts';
import type { GatewayConfig } from './config.ts';
import { sha256, systemRandom } from './crypto-ports.ts';
import { decodeIdentity, decodeTrust, type GatewayIdentity, type IdentityError } from './identity.ts';
import { openJournal, type Journal, type NewRecord } from './journal/journal.ts';
import { openDoorLoop, type DoorCrashPoint, type DoorLoop } from './loop/door-loop.ts';
import { createGatewayClock, type GatewayClock, type TimeSource } from './loop/gateway-clock.ts';
import { createPolicyStore } from './permits/policy-store.ts';
import { openSnapshotFiles } from './permits/snapshot-files.ts';
import { replayPresence } from './presence/replay-presence.ts';
import { loadReaders } from './reader-keys.ts';
import { openContactSensor } from './sensors/contact-sensor.ts';
import { createDoorPublisher, onlineTopic } from './sensors/door-publisher.ts';
import { openMqttLink } from './sensors/mqtt-link.ts';
import { createWiredContact } from './sensors/wired-contact.ts';
import { runJournalUpload } from './uplink/journal-upload.ts';
import { createPause } from './uplink/pause.ts';
import { runPolicySync, runWake, type SignedTime } from './uplink/policy-sync.ts';
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
}

const CHECK_CLOCK_EVERY_MS = 10_000;
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
  clock.raiseFloor(journal.timeFloorMs);
  journal.beginBoot(GATEWAY_VERSION);
  const fingerprint = fingerprintOf(config);
  if (journal.readSetting(CONFIG_SETTING) !== fingerprint) {
    journal.append([{ ty: 'config.changed', x: { fingerprint } }], { [CONFIG_SETTING]: fingerprint });
  }

  const policy = createPolicyStore({
    trust: { root, site: identity.site, issuer: identity.issuer, gateway: identity.gateway },
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
  for (const [index, doorConfig] of config.doors.entries()) {
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
      policy: () => policy.current(),
      clock,
      pepper: identity.pepper,
      publishState: (state) => publisher?.publishState(doorConfig.id, state),
      crashPoint,
      log: log.child({ door: doorConfig.id }),
    });
    doors.push(door);
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
  const client = createServerClient({
    url: config.server.url,
    gateway: identity.gateway,
    signer: identity.signer,
    clock,
    random,
    fetch: options.fetch ?? globalThis.fetch,
  });
  const publishDoors = (): void => doors.forEach((door) => door.publish());
  const onTime = (time: SignedTime): void => {
    const was = clock.trust();
    clock.trustSigned(time);
    if (was < 3) note({ ty: 'clock.trusted', x: { was } });
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
      await clock.sleepUntil(asMonoMs(clock.monoMs() + CHECK_CLOCK_EVERY_MS), signal);
    }
  };

  const policyPause = createPause(clock);
  const tasks = [
    runPolicySync({ policy, client, clock, random, log, pause: policyPause, onTime, signal }),
    runWake({
      client,
      clock,
      random,
      rest: createPause(clock),
      onPolicy: () => policyPause.wake(),
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
    journal.close();
    log.info('gateway stopped');
  };
  return { failed, close: () => (closing ??= close()) };
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

const isSetByBatteryClock = (folder: string): boolean => {
  try {
    return readdirSync(folder).some((name) => readFileSync(join(folder, name, 'hctosys'), 'utf8')[0] === '1');
  } catch (error) {
    // No folder, no battery clock.
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
};

/** What this machine says of the time. */
export function systemTimeSource(): TimeSource {
  const origin = process.hrtime.bigint();
  const monoMs = (): number => Number(process.hrtime.bigint() - origin) / 1e6;
  const hasBatteryClock = isSetByBatteryClock('/sys/class/rtc');
  return {
    epochMs: () => Date.now(),
    monoMs,
    isSynchronised: () => existsSync('/run/systemd/timesync/synchronized'),
    hasBatteryClock: () => hasBatteryClock,
    sleepUntil: async (at, signal) => {
      // Long timers overflow and early ones fire early: sleep in stretches until the clock itself says so.
      while (signal?.aborted !== true && monoMs() < at) {
        const ms = Math.min(Math.ceil(at - monoMs()), 3_600_000);
        await sleep(ms, undefined, { ...(signal !== undefined && { signal }) }).catch((error: unknown) => {
          if (signal?.aborted !== true) throw error;
        });
      }
    },
  };
}

/**
 * Runs the gateway that a configuration describes, with this machine's clock, randomness and environment.
 * `PALANG_LOG_LEVEL` (info) and, for tests, `PALANG_CRASH_AT` are read here alone.
 * @throws Fault where the enrolment or the journal cannot be used
 */
export function startGateway(config: GatewayConfig): Promise<RunningGateway> {
  const crashAt = process.env['PALANG_CRASH_AT'];
  return openGateway({
    config,
    clock: createGatewayClock(systemTimeSource()),
    random: systemRandom,
    log: pino({ level: process.env['PALANG_LOG_LEVEL'] ?? 'info' }),
    crashPoint: (name) => {
      if (name === crashAt) process.kill(process.pid, 'SIGKILL');
    },
  });
}
