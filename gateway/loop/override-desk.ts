import { z } from 'zod';
import { asMonoMs, type Clock, type MonoMs } from '#contract/clock';
import { MAX_HOLD_OPEN_MS, type CommandClaims } from '#contract/command';
import { decodeJson } from '#contract/decode-json';
import {
  nextOverrideMs,
  refusalOf,
  replayOverrides,
  stepOverrides,
  type OverrideEffect,
  type OverrideInput,
  type Overrides,
} from '../door/overrides.ts';
import type { DoorInput } from '../door/step-door.ts';
import type { Journal, NewRecord } from '../journal/journal.ts';
import { createTicker } from '../ticker.ts';

/** One pulse of the lock that a person in charge has ordered. */
export interface OrderedPulse {
  readonly cause: 'operator' | 'hold-open';
  /** Number of the record that orders it. */
  readonly of: number;
  readonly id: string;
}

export interface OverridePorts {
  readonly door: string;
  readonly releaseMs: number;
  readonly journal: Pick<Journal, 'epoch' | 'size'>;
  readonly clock: Clock;
  /** Appends the record that an act rests on. @returns whether it is on the disk */
  readonly record: (records: readonly NewRecord[], settings?: Readonly<Record<string, string>>) => boolean;
  /** Appends what has happened already; the door goes on where it cannot be kept. */
  readonly note: (...records: readonly NewRecord[]) => void;
  readonly pulse: (pulse: OrderedPulse) => void;
  readonly secure: () => void;
  /** Tells the door machine. */
  readonly take: (input: DoorInput) => void;
  /** Whether the interlocked door is seen shut; true where there is none. */
  readonly isNeighbourShut: () => boolean;
  /** Takes a person, or everybody, out of the room's book, in the same turn. */
  readonly resetPresence: (person: string | null) => void;
  readonly onChanged: () => void;
}

/** What people in charge make of one door, over restarts. */
export interface OverrideDesk {
  current(): Overrides;
  /** Records an order durably, then carries it out. */
  obey(command: CommandClaims): 'obeyed' | 'refused' | 'not-recorded';
  takeFire(isActive: boolean): void;
  /** The person whose order is being carried out; null where that is not the order of this record. */
  ordererOf(sq: number): string | null;
  close(): void;
}

/** Where the allow-list of a lockdown stands: persons are named in no record. */
const lockdownSetting = (door: string): string => `lockdown/${door}`;

const allowListSchema = z.strictObject({ of: z.number(), allow: z.array(z.string()) });

function readAllowList(text: string | null, sq: number): readonly string[] {
  if (text === null) return [];
  const kept = allowListSchema.safeParse(decodeJson(text));
  // Neither a damaged list nor that of another lockdown lets anybody into this one.
  return kept.success && kept.data.of === sq ? kept.data.allow : [];
}

/**
 * Counts the lockdown that an allow-list belongs to anew, after a new epoch of the journal has begun.
 * @param shift how much lower every number of before is
 */
export function shiftAllowList(key: string, value: string, shift: number): string {
  if (!key.startsWith(lockdownSetting(''))) return value;
  const kept = allowListSchema.safeParse(decodeJson(value));
  return kept.success ? JSON.stringify({ ...kept.data, of: kept.data.of - shift }) : value;
}

type Refusal = 'lockdown' | 'interlock' | 'no-duration';

/**
 * Opens the desk of one door: what was ordered before the restart is in force again, but for a hold, whose pulses
 * ended with the program.
 * @param orders what was ordered before this start
 * @see rules DM33 to DM38
 */
export function openOverrideDesk(
  orders: Pick<Journal, 'readOrders' | 'readSetting'>,
  ports: OverridePorts,
): OverrideDesk {
  const { door, releaseMs, journal, clock } = ports;
  const replayed = replayOverrides(
    orders.readOrders().filter((record) => record.door === door),
    (sq) => readAllowList(orders.readSetting(lockdownSetting(door)), sq),
  );
  let overrides = replayed.overrides;
  let orderer: { readonly sq: number; readonly by: string } | null = null;
  const ticker = createTicker(clock, () => step({ type: 'tick', atMs: clock.monoMs() }));

  if (replayed.endedHold !== null) {
    ports.note({ ty: 'hold-open.ended', door, x: { of: replayed.endedHold, why: 'restart' } });
  }

  function step(input: OverrideInput): void {
    const next = stepOverrides(overrides, input, releaseMs);
    overrides = next.overrides;
    for (const effect of next.effects) perform(effect, input.atMs);
    ticker.setDue(nextOverrideMs(overrides));
    ports.onChanged();
  }

  function perform(effect: OverrideEffect, atMs: MonoMs): void {
    switch (effect.type) {
      case 'journal':
        ports.note({ ty: effect.ty, door, x: effect.x });
        return;
      case 'pulse': {
        const { of, count } = effect;
        ports.pulse({ cause: 'hold-open', of, id: `${journal.epoch}/${of}-${count}` });
        return;
      }
      case 'hold-open-changed':
        ports.take({ type: 'hold-open-changed', untilMs: effect.untilMs, atMs });
        return;
      case 'secure':
        ports.secure();
    }
  }

  function refuse({ act, by, forMs }: CommandClaims): Refusal | null {
    if (act === 'hold-open-start' && forMs === undefined) return 'no-duration';
    if (act !== 'release' && act !== 'hold-open-start') return null;
    return refusalOf(overrides, ports.isNeighbourShut(), by);
  }

  function commandRecord(command: CommandClaims, refusal: Refusal | null, sq: number): NewRecord {
    const { id, act, m, nonce, by, why } = command;
    return {
      ty: 'operator.command',
      door,
      c: { sub: by },
      x: {
        id,
        act,
        m,
        nonce,
        ...(why !== undefined && { why }),
        ...(refusal !== null && { refused: refusal }),
        ...(act === 'release' && refusal === null && { pulse: `${journal.epoch}/${sq}`, releaseMs }),
      },
    };
  }

  /** What stands beside the order in the same transaction, because it outlasts this program. */
  function lastingRecords(command: CommandClaims, sq: number): readonly NewRecord[] {
    const c = { sub: command.by };
    switch (command.act) {
      case 'lockdown-start':
        return [{ ty: 'lockdown.started', door, c, x: { of: sq, allowed: command.allow?.length ?? 0 } }];
      case 'lockdown-end':
        return overrides.lockdown === null
          ? []
          : [{ ty: 'lockdown.ended', door, c, x: { of: overrides.lockdown.of } }];
      case 'hold-open-start': {
        const forMs = Math.min(command.forMs ?? 0, MAX_HOLD_OPEN_MS);
        return [{ ty: 'hold-open.started', door, c, x: { of: sq, forMs } }];
      }
      case 'presence-reset': {
        const { sub } = command;
        return [
          sub === undefined
            ? { ty: 'presence.reset', door, x: { of: sq, isAll: true } }
            : { ty: 'presence.reset', door, c: { sub }, x: { of: sq } },
        ];
      }
      default:
        return [];
    }
  }

  function act(command: CommandClaims, sq: number): void {
    const atMs = clock.monoMs();
    // The record after the order, where there is one.
    const of = sq + 1;
    switch (command.act) {
      case 'release':
        ports.pulse({ cause: 'operator', of: sq, id: `${journal.epoch}/${sq}` });
        return;
      case 'lockdown-start':
        step({ type: 'lockdown-started', of, allow: command.allow ?? [], atMs });
        return;
      case 'lockdown-end':
        step({ type: 'lockdown-ended', atMs });
        return;
      case 'hold-open-start':
        step({ type: 'hold-started', of, forMs: command.forMs ?? 0, atMs });
        return;
      case 'hold-open-end':
        step({ type: 'hold-ended', atMs });
        return;
      case 'presence-reset':
        ports.resetPresence(command.sub ?? null);
        return;
      case 'alarm-acknowledge':
        ports.take({ type: 'alarm-acknowledged', of: sq, atMs });
    }
  }

  return {
    current: () => overrides,
    ordererOf: (sq) => (orderer?.sq === sq ? orderer.by : null),
    obey: (command) => {
      const sq = journal.size();
      const refusal = refuse(command);
      const lasting = refusal === null ? lastingRecords(command, sq) : [];
      const settings =
        command.act === 'lockdown-start'
          ? { [lockdownSetting(door)]: JSON.stringify({ of: sq + 1, allow: command.allow ?? [] }) }
          : {};
      if (!ports.record([commandRecord(command, refusal, sq), ...lasting], settings)) return 'not-recorded';
      if (refusal !== null) return 'refused';
      orderer = { sq, by: command.by };
      act(command, sq);
      orderer = null;
      ports.onChanged();
      return 'obeyed';
    },
    takeFire: (isActive) => {
      const atMs = asMonoMs(clock.monoMs());
      step({ type: 'fire-changed', isActive, atMs });
      ports.take({ type: 'fire-changed', isActive, atMs });
    },
    close: () => ticker.close(),
  };
}
