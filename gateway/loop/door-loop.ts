import type { Logger } from 'pino';
import { asEpochMs, asMonoMs, type Clock, type EpochMs } from '#contract/clock';
import { credentialHandle } from '#contract/commitment';
import { permitAllows } from '#contract/permit';
import { Fault } from '#contract/result';
import type {
  DoorHardware,
  HardwareEvent,
  PulseOutcome,
  ReaderSignal,
} from '../../firmware-bridge/bridge.ts';
import type { DoorConfig } from '../config.ts';
import { hmacSha256 } from '../crypto-ports.ts';
import { decide, type Decision, type Facts } from '../decision/decide.ts';
import {
  UNKNOWN_DOOR,
  alarmOf,
  isHeldSoon,
  nextTickMs,
  stepDoor,
  type DoorEffect,
  type DoorInput,
  type DoorState,
} from '../door/step-door.ts';
import type { Journal, NewRecord } from '../journal/journal.ts';
import type { PolicyInForce } from '../permits/policy-index.ts';
import { nextOverstayMs, stayEnd, stepOverstay, type Overstay } from '../presence/overstay.ts';
import {
  countInside,
  enterRoom,
  findPlace,
  leaveRoom,
  type Entry,
  type Occupant,
  type Presence,
} from '../presence/presence.ts';
import type { ContactReading } from '../sensors/step-sensor.ts';
import type { PublishedDoor } from '../sensors/door-publisher.ts';
import { createTicker } from '../ticker.ts';

/** Points at which a test may end the process, to see what a power cut there would leave. */
export type DoorCrashPoint =
  'before-decide' | 'after-decide' | 'after-commit' | 'after-pulse-sent' | 'after-outcome';

export interface DoorPorts {
  readonly hardware: DoorHardware;
  readonly journal: Pick<Journal, 'append' | 'epoch' | 'isWritable' | 'size'>;
  /** The orders in force; read anew for each card. */
  readonly policy: () => PolicyInForce | null;
  readonly clock: Clock;
  /** Key of the card handles of the site. */
  readonly pepper: Uint8Array;
  readonly publishState: (state: PublishedDoor) => void;
  readonly crashPoint: (name: DoorCrashPoint) => void;
  readonly log: Logger;
}

/** One door at work. */
export interface DoorLoop {
  takeContact(reading: ContactReading): void;
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
  const settings = { heldOpenMs: config.heldOpenMs };
  const { forgiveMs, overstayGraceMs } = config.presence;
  // Where leaving is not seen, everybody who came in once would be inside for ever.
  const seesExits = config.readers.exit !== undefined;
  const onlineSince = new Map<string, number>();
  /** Whom the grants concern that still wait for their outcome. */
  const waiting = new Map<number, Entry & { readonly sub: string }>();
  let state = UNKNOWN_DOOR;
  let present = inside;
  let shown = '';
  /** The door controller's own count: recorded beside ours, so that an opening that we hid would show. */
  let openings: number | null = null;
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
    const permits = cred === null ? [] : (ports.policy()?.index.permitsOf(cred) ?? []);
    const ends = permits
      .filter((permit) => permitAllows(permit, door, now) === null)
      .map((permit) => stayEnd(permit, door, now));
    return ends.length === 0 ? null : asEpochMs(Math.max(...ends));
  }

  const overstayRecord = ({ person, pm, of, untilMs, isSure }: Overstay): NewRecord => ({
    ty: 'visit.overstayed',
    c: { sub: person, ...(pm !== null && { pm }) },
    x: { of, untilMs, ...(!isSure && { isUnsure: true }) },
  });

  function take(input: DoorInput): void {
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
      case 'journal':
        return [
          effect.ty === 'door.closed' && openings !== null
            ? { ty: effect.ty, x: { ...effect.x, openings } }
            : { ty: effect.ty, x: effect.x },
        ];
      case 'outcome': {
        const sub = waiting.get(effect.of)?.sub;
        return [
          {
            ty: 'access.outcome',
            rs: effect.outcome,
            ...(sub !== undefined && { c: { sub } }),
            x: { of: effect.of },
          },
        ];
      }
      case 'relock':
        return [];
    }
  }

  function perform(effect: DoorEffect): void {
    switch (effect.type) {
      case 'journal':
        return;
      case 'outcome': {
        const entry = waiting.get(effect.of);
        if (entry !== undefined) {
          const { sub, ...stay } = entry;
          present = enterRoom(present, sub, effect.outcome, stay);
          setStayTicker();
        }
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
    else takeEntry(reader, handle, atMs);
  }

  function takeEntry(reader: string, handle: string, atMs: number): void {
    crashPoint('before-decide');
    const policy = ports.policy();
    const since = onlineSince.get(reader);
    const now = clock.epochMs();
    const credential = policy?.index.credentialOf(handle) ?? null;
    const awaited = [...waiting.values()].map(({ sub }) => sub);
    const facts: Facts = {
      door,
      now,
      clockTrust: clock.trust(),
      isJournalWritable: journal.isWritable(),
      presentation: {
        ageMs: clock.monoMs() - atMs,
        isReaderOnline: since !== undefined && atMs >= since,
      },
      policy,
      credential,
      permits: policy?.index.permitsOf(handle) ?? [],
      room: {
        antiPassback: seesExits ? config.presence.antiPassback : 'off',
        capacity: config.presence.capacity ?? null,
        ...findPlace(present, credential?.sub ?? null, awaited, now, forgiveMs),
      },
    };
    const decision = decide(facts);
    crashPoint('after-decide');
    const sq = journal.size();
    const { kind, permit } = decision;
    const untilMs = kind === 'granted' ? stayEnd(decision.permit, door, now) : null;
    const entry: Entry = { of: sq, sinceMs: now, untilMs, pm: permit?.jti ?? null, cred: handle };
    const isRecorded = record(entryRecord(decision, facts, policy, entry));
    if (!isRecorded || decision.kind === 'denied') {
      show(reader, 'denied');
      return;
    }
    crashPoint('after-commit');
    waiting.set(sq, { ...entry, sub: decision.permit.sub });
    release('granted', sq, sq, atMs);
    show(reader, 'granted');
  }

  /** Appends the record that an act rests on. */
  function record(entry: NewRecord): boolean {
    try {
      journal.append([entry]);
      return true;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log.error({ fault: error.code }, 'a card could not be recorded');
      return false;
    }
  }

  function entryRecord(
    decision: Decision,
    { credential }: Facts,
    policy: PolicyInForce | null,
    { of, untilMs, pm, cred }: Entry,
  ): NewRecord {
    const sub = decision.permit?.sub ?? credential?.sub;
    const checked = [...decision.checked];
    const common = {
      door,
      dir: 'in',
      ...(policy !== null && { pol: policy.index.version }),
      c: {
        ...(cred !== null && { cred }),
        ...(sub !== undefined && { sub }),
        ...(pm !== null && { pm }),
      },
    } as const;
    return decision.kind === 'granted'
      ? {
          ...common,
          ty: 'access.granted',
          x: {
            checked,
            pulse: pulseId(of),
            releaseMs: config.lock.releaseMs,
            untilMs,
            ...(decision.isPassedBack && { antiPassback: 'soft' }),
          },
        }
      : { ...common, ty: 'access.denied', rs: decision.reason, x: { checked } };
  }

  /** Leaving is never refused: neither by the orders nor for want of a record. */
  function takeExit(reader: string, cred: string, atMs: number): void {
    const policy = ports.policy();
    const sub = policy?.index.credentialOf(cred)?.sub ?? null;
    const left = leaveRoom(present, sub);
    const sq = journal.size();
    const isRecorded = record({
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
    });
    present = left.inside;
    setStayTicker();
    release('exit', isRecorded ? sq : null, sq, atMs);
    show(reader, 'granted');
  }

  const pulseId = (sq: number): string => `${journal.epoch}/${sq}`;

  function release(cause: 'granted' | 'exit', of: number | null, sq: number, cardAtMs: number): void {
    const { releaseMs } = config.lock;
    const pulsing = hardware.pulse({
      // The hardware obeys a name once: without a record the number does not move on, so it cannot name twice.
      id: of === null ? `${journal.epoch}/unrecorded-${Math.floor(cardAtMs)}` : pulseId(of),
      durationMs: releaseMs,
      notAfterMs: asMonoMs(cardAtMs + PULSE_WITHIN_MS),
      journal: { epoch: journal.epoch, sq },
    });
    const atMs = clock.monoMs();
    const untilMs = asMonoMs(atMs + releaseMs + CONTACT_LAG_MS);
    take({ type: 'released', cause, of, untilMs, atMs });
    void pulsing.then((outcome) => takePulse(of, outcome));
  }

  function takePulse(of: number | null, outcome: PulseOutcome): void {
    crashPoint('after-pulse-sent');
    // What became of it is for the next start to say: the journal may be closed already.
    if (isClosed) return;
    if (outcome.kind === 'acknowledged') return;
    const why = outcome.kind === 'refused' ? outcome.reason : outcome.kind;
    log.warn({ why }, 'the lock was not released as ordered');
    // An expired command was never sent: nothing is wrong with the lock.
    if (why !== 'expired') note({ ty: 'lock.fault', x: { of, why } });
    if (outcome.kind === 'refused' && of !== null) {
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
      case 'openings':
        openings = event.count;
        return;
      case 'key':
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
    alarmOf(of) !== 'none' ? 'alarm' : isHeldSoon(of) ? 'wait' : 'idle';

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
      clock: clock.trust(),
    };
    const next = JSON.stringify(known);
    if (next === shown) return;
    shown = next;
    ports.publishState({ ...known, at: clock.epochMs() });
  }

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
    publish,
    close: async () => {
      isClosed = true;
      stopListening();
      ticker.close();
      stayTicker.close();
      await hardware.close();
    },
  };
}
