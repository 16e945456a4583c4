import type { Logger } from 'pino';
import { asEpochMs, asMonoMs, type Clock, type EpochMs } from '#contract/clock';
import { credentialHandle } from '#contract/commitment';
import type { CommandClaims } from '#contract/command';
import { permitAllows } from '#contract/permit';
import { Fault } from '#contract/result';
import type {
  DoorHardware,
  HardwareEvent,
  PulseOutcome,
  ReaderSignal,
} from '../../firmware-bridge/bridge.ts';
import type { DoorConfig } from '../config.ts';
import { deriveKey, hmacSha256 } from '../crypto-ports.ts';
import {
  UNKNOWN_DOOR,
  alarmOf,
  isAlarmShown,
  isHeldSoon,
  maySecure,
  nextTickMs,
  stepDoor,
  type DoorEffect,
  type DoorInput,
  type DoorSettings,
  type DoorState,
  type ReleaseCause,
} from '../door/step-door.ts';
import type { Journal, NewRecord } from '../journal/journal.ts';
import type { PolicyInForce } from '../permits/policy-index.ts';
import { nextOverstayMs, stayEnd, stepOverstay, type Overstay } from '../presence/overstay.ts';
import { stepEscorts, type EscortChange } from '../presence/escort.ts';
import {
  certaintyOf,
  countInside,
  enterRoom,
  leaveRoom,
  resetPresence,
  type Occupant,
  type Presence,
} from '../presence/presence.ts';
import type { ContactReading } from '../sensors/step-sensor.ts';
import type { PublishedDoor } from '../sensors/door-publisher.ts';
import { createTicker } from '../ticker.ts';
import { openEntryDesk, type Awaited } from './entry-desk.ts';
import { openOverrideDesk } from './override-desk.ts';

/** Points at which a test may end the process, to see what a power cut there would leave. */
export type DoorCrashPoint =
  'before-decide' | 'after-decide' | 'after-commit' | 'after-pulse-sent' | 'after-outcome';

export interface DoorPorts {
  readonly hardware: DoorHardware;
  readonly journal: Pick<Journal, 'append' | 'epoch' | 'isWritable' | 'size'>;
  /** What was ordered before this start. */
  readonly orders: Pick<Journal, 'readOrders' | 'readSetting'>;
  /** Whether the interlocked door is seen shut; null where there is none. */
  readonly isNeighbourShut: () => boolean | null;
  /** The orders in force; read anew for each card. */
  readonly policy: () => PolicyInForce | null;
  readonly clock: Clock;
  /** Key of the card handles of the site. */
  readonly pepper: Uint8Array;
  readonly siteId: string;
  readonly publishState: (state: PublishedDoor) => void;
  readonly crashPoint: (name: DoorCrashPoint) => void;
  readonly log: Logger;
}

/** One door at work. */
export interface DoorLoop {
  takeContact(reading: ContactReading): void;
  /** Hears the fire alarm; unlocks nothing. */
  takeFire(isActive: boolean): void;
  /** Records an order of a person in charge, then carries it out. */
  obey(command: CommandClaims): 'obeyed' | 'refused' | 'not-recorded';
  /** True while the leaf is seen closed and nothing of ours lets it be opened. */
  isShut(): boolean;
  /** Publishes what is known of the door again, e.g. after the clock's trust changed. */
  publish(): void;
  close(): Promise<void>;
}

/** After the card was read for so long nobody stands there any more: a command that waited is dropped. */
const PULSE_WITHIN_MS = 2000;
/** How often stays are looked at while one may become too long: the system's clock may jump. */
const CHECK_STAYS_EVERY_MS = 60_000;
/** A wireless contact tells of an opening this much later than it happened. */
const CONTACT_LAG_MS = 2000;

type CardEvent = Extract<HardwareEvent, { readonly type: 'card' }>;

/**
 * Runs a door: event -> core -> record -> effects. From the card to the call of the lock nothing is awaited, and
 * nothing moves the lock for an entry before its record is on the disk.
 * @see rules GL7 to GL26
 */
export function openDoorLoop(config: DoorConfig, inside: Presence, ports: DoorPorts): DoorLoop {
  const { hardware, journal, clock, log, crashPoint } = ports;
  const door = config.id;
  const { lock } = config;
  const settings: DoorSettings = {
    heldOpenMs: config.heldOpenMs,
    relock: lock.relockOnOpen === false || 'hardwareTimer' in lock ? 'on-time-out' : 'on-open',
  };
  const { forgiveMs, overstayGraceMs } = config.presence;
  // Where leaving is not seen, everybody who came in once would be inside for ever.
  const seesExits = config.readers.exit !== undefined;
  const onlineSince = new Map<string, number>();
  /** Whom the grants concern that still wait for their outcome, by the number that the pulse carries. */
  const waiting = new Map<number, readonly Awaited[]>();
  let state = UNKNOWN_DOOR;
  let present = inside;
  let shown = '';
  /** The door controller's own count: recorded beside ours, so that an opening that we hid would show. */
  let openings: number | null = null;
  /** The highest place that a pulse of this run has named. */
  let place = 0;
  /** The hold whose lock does not answer. */
  let faultyHold: number | null = null;
  let isClosed = false;

  const ticker = createTicker(clock, () => take({ type: 'tick', atMs: clock.monoMs() }));
  const stayTicker = createTicker(clock, checkStays);

  /**
   * Appends records that explain what has happened already; the door goes on where they cannot be kept.
   * @returns whether they were kept
   */
  function note(...records: readonly NewRecord[]): boolean {
    try {
      journal.append(records.map((record) => ({ door, ...record })));
      return true;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log.error({ fault: error.code }, 'an event of the door could not be recorded');
      return false;
    }
  }

  /** Records whose stay has become too long; what could not be recorded is found again the next time. */
  function checkStays(): void {
    if (!seesExits) return;
    const step = stepOverstay(present, clock.epochMs(), overstayGraceMs, findEnd);
    if (step.overstays.length === 0 || note(...step.overstays.map(overstayRecord))) present = step.inside;
    setStayTicker();
  }

  function setStayTicker(): void {
    const due = seesExits ? nextOverstayMs(present, overstayGraceMs) : null;
    const inMs = due === null ? null : due - clock.epochMs();
    // A stay that is due and could not be recorded waits as well: a full disk is not asked without a pause.
    const restMs = inMs !== null && inMs > 0 ? Math.min(inMs, CHECK_STAYS_EVERY_MS) : CHECK_STAYS_EVERY_MS;
    stayTicker.setDue(inMs === null ? null : asMonoMs(clock.monoMs() + restMs));
  }

  /** A permit that was prolonged while its holder is inside is a longer stay, not an overstay. */
  function findEnd({ cred }: Occupant): EpochMs | null {
    const now = clock.epochMs();
    const index = ports.policy()?.index;
    if (cred === null || index === undefined) return null;
    const { holidays } = index.rules;
    const ends = index
      .permitsOf(cred)
      .filter((permit) => permitAllows(permit, door, now, holidays) === null)
      .filter(({ sub, jti }) => !index.isDenied(cred, sub, jti))
      .map((permit) => stayEnd(permit, door, now, holidays));
    return ends.length === 0 ? null : asEpochMs(Math.max(...ends));
  }

  const overstayRecord = ({ person, pm, of, untilMs, isSure }: Overstay): NewRecord => ({
    ty: 'visit.overstayed',
    c: { sub: person, ...(pm !== null && { pm }) },
    x: { of, untilMs, ...(!isSure && { isUnsure: true }) },
  });

  function take(input: DoorInput): void {
    // A contact may still speak while the ports are being closed; the journal may be closed by then.
    if (isClosed) return;
    const before = signalOf(state);
    const step = stepDoor(state, input, settings);
    state = step.state;
    const records = step.effects.flatMap(recordOf);
    if (records.length > 0) note(...records);
    for (const effect of step.effects) perform(effect);
    ticker.setDue(nextTickMs(state));
    const after = signalOf(state);
    if (after !== before) signalAll(after);
    publish();
  }

  function recordOf(effect: DoorEffect): readonly NewRecord[] {
    switch (effect.type) {
      case 'journal': {
        const { ty, x } = effect;
        if (ty === 'door.closed' && openings !== null) return [{ ty, x: { ...x, openings } }];
        const by = ty === 'alarm.acknowledged' ? overrides.ordererOf(Number(x['of'])) : null;
        return [{ ty, x, ...(by !== null && { c: { sub: by } }) }];
      }
      case 'outcome':
        return (waiting.get(effect.of) ?? []).map(({ sub, of }) => ({
          ty: 'access.outcome',
          rs: effect.outcome,
          c: { sub },
          x: { of },
        }));
      case 'relock':
        return [];
    }
  }

  function perform(effect: DoorEffect): void {
    switch (effect.type) {
      case 'journal':
        return;
      case 'outcome': {
        for (const { sub, ...stay } of waiting.get(effect.of) ?? []) {
          present = enterRoom(present, sub, effect.outcome, stay);
        }
        setStayTicker();
        waiting.delete(effect.of);
        crashPoint('after-outcome');
        return;
      }
      case 'relock':
        void hardware.secure();
    }
  }

  function takeCard({ reader, card, atMs }: CardEvent): void {
    const handle = credentialHandle(hmacSha256, ports.pepper, card);
    if (reader === 'exit') takeExit(reader, handle, atMs);
    else entries.takeCard(reader, handle, atMs);
  }

  /** Appends the record that an act rests on. */
  function record(entries: readonly NewRecord[], settings?: Readonly<Record<string, string>>): boolean {
    try {
      journal.append(entries, settings);
      return true;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log.error({ fault: error.code }, 'a card could not be recorded');
      return false;
    }
  }

  /** The permit that somebody came in by, as the orders in force say it. */
  const permitOf = ({ cred, pm }: Occupant) =>
    cred === null
      ? undefined
      : ports
          .policy()
          ?.index.permitsOf(cred)
          .find(({ jti }) => jti === pm);

  /** Those inside whose permit wants an escort. */
  const escorted = (inside: Presence) =>
    [...inside].flatMap(([person, occupant]) => {
      const escorts = permitOf(occupant)?.esc;
      return escorts === undefined ? [] : [{ person, of: occupant.of, escorts }];
    });

  /** Whether somebody must not be alone in there. */
  function wantsTwo(occupant: Occupant): boolean {
    if (ports.policy()?.index.rules.doors[door]?.two !== undefined) return true;
    const permit = permitOf(occupant);
    return permit?.two === true || permit?.cls === 'glass';
  }

  const escortRecord = ({ person, of, by }: EscortChange): NewRecord =>
    by === null
      ? { ty: 'escort.left', door, c: { sub: person }, x: { of } }
      : { ty: 'escort.handed-over', door, c: { sub: by }, x: { of } };

  /** What it means to those who stay that somebody is gone; never a reason to keep anybody in. */
  function afterExit(inside: Presence, leaver: string | null, sq: number): readonly NewRecord[] {
    const now = clock.epochMs();
    const changes = stepEscorts(inside, leaver, escorted(inside), now, forgiveMs);
    const before = countInside(present, now, forgiveMs);
    const after = countInside(inside, now, forgiveMs);
    const isAlone = after.sure + after.unsure === 1 && before.sure + before.unsure > 1;
    const last = [...inside].filter(
      ([, occupant]) => isAlone && certaintyOf(occupant, now, forgiveMs) !== 'lapsed' && wantsTwo(occupant),
    );
    return [
      ...changes.map(escortRecord),
      ...last.map(
        ([sub]) => ({ ty: 'occupancy.below-minimum', door, c: { sub }, x: { of: sq } }) satisfies NewRecord,
      ),
    ];
  }

  /** Leaving is never refused: neither by the orders nor for want of a record. */
  function takeExit(reader: string, cred: string, atMs: number): void {
    const policy = ports.policy();
    const sub = policy?.index.credentialOf(cred)?.sub ?? null;
    const left = leaveRoom(present, sub);
    const sq = journal.size();
    const isRecorded = record([
      {
        ty: 'exit.recorded',
        door,
        dir: 'out',
        ...(policy !== null && { pol: policy.index.version }),
        c: { cred, ...(sub !== null && { sub }) },
        x: {
          pulse: pulseId(sq),
          releaseMs: config.lock.releaseMs,
          ...(left.isWithoutEntry && { isWithoutEntry: true }),
        },
      },
      ...afterExit(left.inside, sub, sq),
    ]);
    present = left.inside;
    setStayTicker();
    release('exit', isRecorded ? sq : null, sq, atMs);
    show(reader, 'granted');
  }

  /** What lets people out is never ended from here, and a fire is not the time to lock anything. */
  function secure(): void {
    if (maySecure(state)) void hardware.secure();
  }

  const pulseId = (sq: number): string => `${journal.epoch}/${sq}`;

  function release(cause: 'granted' | 'exit', of: number | null, sq: number, cardAtMs: number): void {
    // The hardware obeys a name once: without a record the number does not move on, so it cannot name twice.
    const id = of === null ? `${journal.epoch}/unrecorded-${Math.floor(cardAtMs)}` : pulseId(of);
    pulse(cause, of, id, sq, cardAtMs);
  }

  function pulse(
    cause: Exclude<ReleaseCause, 'exit-button'>,
    of: number | null,
    id: string,
    sq: number,
    orderedAtMs: number,
  ): void {
    const { releaseMs } = config.lock;
    // A hold is older than the cards that came since, and the controller takes no lower place than it has seen.
    place = Math.max(place, sq);
    const pulsing = hardware.pulse({
      id,
      durationMs: releaseMs,
      notAfterMs: asMonoMs(orderedAtMs + PULSE_WITHIN_MS),
      journal: { epoch: journal.epoch, sq: place },
    });
    const atMs = clock.monoMs();
    const untilMs = asMonoMs(atMs + releaseMs + CONTACT_LAG_MS);
    take({ type: 'released', cause, of, untilMs, atMs });
    void pulsing.then((outcome) => takePulse(cause, of, outcome));
  }

  function takePulse(cause: ReleaseCause, of: number | null, outcome: PulseOutcome): void {
    crashPoint('after-pulse-sent');
    // What became of it is for the next start to say: the journal may be closed already.
    if (isClosed) return;
    if (outcome.kind === 'acknowledged') {
      faultyHold = null;
      return;
    }
    // A hold tries again every few seconds for half an hour: that its lock does not answer is told once.
    if (cause === 'hold-open') {
      if (of === faultyHold) return;
      faultyHold = of;
    }
    const why = outcome.kind === 'refused' ? outcome.reason : outcome.kind;
    log.warn({ why }, 'the lock was not released as ordered');
    // An expired command was never sent: nothing is wrong with the lock.
    if (why !== 'expired') note({ ty: 'lock.fault', x: { of, why } });
    // What an earlier pulse of a hold has released may be open still.
    if (outcome.kind === 'refused' && of !== null && cause !== 'hold-open') {
      take({ type: 'release-refused', of, atMs: clock.monoMs() });
    }
  }

  function takeEvent(event: HardwareEvent): void {
    switch (event.type) {
      case 'card':
        takeCard(event);
        return;
      case 'input': {
        const button = config.exitButton;
        const isButton = button?.reader === event.reader && button.input === event.input;
        const fire = config.fireInput;
        // Wires that are cut are the fire panel's fault to tell, and no fire.
        if (
          fire !== undefined &&
          'reader' in fire &&
          fire.reader === event.reader &&
          fire.input === event.input &&
          event.isFaulty !== true
        ) {
          overrides.takeFire(event.isActive === (fire.activeWhen === 'active'));
        }
        // The hardware releases by itself: software only learns that the opening to come is no break-in.
        if (isButton && event.isActive && !event.isInitial) {
          const untilMs = asMonoMs(event.atMs + config.lock.releaseMs + CONTACT_LAG_MS);
          take({ type: 'exit-button-pressed', untilMs, atMs: event.atMs });
        }
        return;
      }
      case 'lock':
        take({ type: 'lock-reported', lock: event.state, atMs: event.atMs });
        return;
      case 'reader': {
        const { reader, state: link, reason } = event;
        entries.dropReader(reader);
        if (link === 'online') onlineSince.set(reader, event.atMs);
        else onlineSince.delete(reader);
        note({ ty: `reader.${link}`, x: { reader, reason } });
        return;
      }
      case 'tamper':
        note({ ty: 'reader.tamper', x: { reader: event.reader, isActive: event.isActive } });
        return;
      case 'power':
        log.warn({ reader: event.reader, isFailing: event.isFailing }, 'power of a reader');
        return;
      case 'diagnostic':
        log.warn({ reader: event.reader, code: event.code, count: event.count }, 'damaged reads');
        return;
      case 'journal-mark':
        // Whoever opened the journal compares it.
        return;
      case 'openings':
        openings = event.count;
        return;
      case 'key':
        if (event.reader !== 'exit') entries.takeKey(event.reader, event.key, event.atMs);
        return;
    }
  }

  /** Simple readers have no light of their own: the line controller of the lock shows it as well. */
  function show(reader: string, signal: ReaderSignal): void {
    hardware.signal(reader, signal);
    const { lock } = config;
    if (lock.driver === 'line' && lock.reader !== reader) hardware.signal(lock.reader, signal);
  }

  const signalOf = (of: DoorState): ReaderSignal =>
    isAlarmShown(of) ? 'alarm' : isHeldSoon(of) ? 'wait' : 'idle';

  function signalAll(signal: ReaderSignal): void {
    for (const reader of Object.keys(config.readers)) hardware.signal(reader, signal);
  }

  function publish(): void {
    const { sure, unsure } = countInside(present, clock.epochMs(), forgiveMs);
    const known = {
      lock: state.lock,
      contact: state.contact,
      alarm: alarmOf(state),
      occupancy: sure,
      unsure,
      lockdown: overrides.current().lockdown !== null,
      holdOpen: overrides.current().hold !== null,
      fire: overrides.current().isFire,
      clock: clock.trust(),
    };
    const next = JSON.stringify(known);
    if (next === shown) return;
    shown = next;
    ports.publishState({ ...known, at: clock.epochMs() });
  }

  const overrides = openOverrideDesk(ports.orders, {
    door,
    releaseMs: config.lock.releaseMs,
    journal,
    clock,
    record: (records, kept) => record(records, kept),
    note,
    pulse: ({ cause, of, id }) => pulse(cause, of, id, of, clock.monoMs()),
    secure,
    take,
    isNeighbourShut: () => ports.isNeighbourShut() ?? true,
    resetPresence: (person) => {
      const inside = resetPresence(present, person);
      const alerts = afterExit(inside, person, journal.size() - 1);
      if (alerts.length > 0) note(...alerts);
      present = inside;
      setStayTicker();
    },
    onChanged: publish,
  });
  const entries = openEntryDesk(config, {
    journal,
    settings: ports.orders,
    policy: ports.policy,
    clock,
    pepper: ports.pepper,
    siteId: ports.siteId,
    derive: deriveKey,
    view: () => ({
      present,
      awaited: [...waiting.values()].flat(),
      lockdown: overrides.current().lockdown,
      isFire: overrides.current().isFire,
      isNeighbourShut: ports.isNeighbourShut(),
    }),
    onlineSince: (reader) => onlineSince.get(reader),
    record,
    admit: (admitted, atMs) => {
      const of = admitted.at(-1)?.of;
      if (of === undefined) return;
      waiting.set(of, admitted);
      release('granted', of, of, atMs);
    },
    // What a reader shows when there is nothing to answer is the door's affair: an alarm does not end with a wait.
    show: (reader, signal) => show(reader, signal === 'idle' ? signalOf(state) : signal),
    crashPoint,
    log,
  });
  state = { ...state, isFire: overrides.current().isFire };
  const stopListening = hardware.onEvent(takeEvent);
  checkStays();
  publish();

  return {
    takeContact: (reading) =>
      take(
        reading.contact === 'unknown'
          ? { type: 'contact-unknown', why: reading.why, atMs: clock.monoMs() }
          : {
              type: reading.contact === 'closed' ? 'contact-closed' : 'contact-open',
              isInitial: reading.isInitial,
              atMs: clock.monoMs(),
            },
      ),
    takeFire: (isActive) => overrides.takeFire(isActive),
    obey: (command) => overrides.obey(command),
    isShut: () =>
      state.mode === 'closed' &&
      state.lock !== 'released' &&
      state.releases.length === 0 &&
      overrides.current().hold === null,
    publish,
    close: async () => {
      isClosed = true;
      overrides.close();
      entries.close();
      stopListening();
      ticker.close();
      stayTicker.close();
      await hardware.close();
    },
  };
}
