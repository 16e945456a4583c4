import { joinBytes } from '../byte-order.ts';
import type { CommandType } from '../commands.ts';
import { MARK } from '../frame.ts';

/** What a simulated device can be told to do wrong with one command or its reply. */
export type Fault =
  /** It never heard the command. */
  | { readonly kind: 'command-lost' }
  /** It lost power and came back just before the command. */
  | { readonly kind: 'reboot' }
  /** It is busy: nothing is carried out. */
  | { readonly kind: 'busy' }
  /** It refuses. */
  | { readonly kind: 'nak'; readonly reason: number }
  /** It says that it took the new key, and did not. */
  | { readonly kind: 'key-forgotten' }
  /** It did it, and nobody heard the reply. */
  | { readonly kind: 'reply-lost' }
  | { readonly kind: 'bad-check' }
  | { readonly kind: 'truncated'; readonly bytes: number }
  | { readonly kind: 'duplicated'; readonly afterMs: number }
  | { readonly kind: 'late'; readonly byMs: number }
  | { readonly kind: 'split'; readonly at: number; readonly gapMs: number }
  /** Bytes before the reply, such as a false start of a frame. */
  | { readonly kind: 'noise'; readonly bytes: Uint8Array }
  /** Any number of marks before the reply instead of one. */
  | { readonly kind: 'marks'; readonly count: number }
  /** One byte of the reply, mark included, is changed by `xor`. */
  | { readonly kind: 'changed'; readonly at: number; readonly xor: number };

/** A fault that happens to the next `times` commands of a type. */
export interface PlannedFault {
  readonly fault: Fault;
  readonly on: CommandType | 'any';
  readonly times: number;
}

/** Bytes on the line, so long after the command was heard. */
export interface Transmission {
  readonly afterMs: number;
  readonly bytes: Uint8Array;
}

/** Takes the faults that are due for a command out of the plan. */
export function takeFaults(
  plan: readonly PlannedFault[],
  command: CommandType,
): { readonly faults: readonly Fault[]; readonly plan: readonly PlannedFault[] } {
  const isDue = ({ on, times }: PlannedFault): boolean => times > 0 && (on === 'any' || on === command);
  return {
    faults: plan.filter(isDue).map(({ fault }) => fault),
    plan: plan
      .map((planned) => (isDue(planned) ? { ...planned, times: planned.times - 1 } : planned))
      .filter(({ times }) => times > 0),
  };
}

/** What is left of a reply, mark included, once the line and the device have had their way with it. */
export const disturb = (reply: Uint8Array, faults: readonly Fault[]): readonly Transmission[] =>
  faults.reduce<readonly Transmission[]>(disturbOnce, [{ afterMs: 0, bytes: reply }]);

function disturbOnce(sent: readonly Transmission[], fault: Fault): readonly Transmission[] {
  const each = (change: (bytes: Uint8Array) => Uint8Array): readonly Transmission[] =>
    sent.map(({ afterMs, bytes }) => ({ afterMs, bytes: change(bytes) }));
  const flip = (at: number, xor: number) =>
    each((bytes) => bytes.map((byte, index) => (index === at ? byte ^ xor : byte)));
  switch (fault.kind) {
    case 'command-lost':
    case 'reboot':
    case 'busy':
    case 'nak':
    case 'key-forgotten':
      return sent;
    case 'reply-lost':
      return [];
    case 'bad-check':
      return each((bytes) => bytes.map((byte, index) => (index === bytes.length - 1 ? byte ^ 0xff : byte)));
    case 'truncated':
      return each((bytes) => bytes.slice(0, fault.bytes));
    case 'duplicated':
      return sent.flatMap((one) => [one, { ...one, afterMs: one.afterMs + fault.afterMs }]);
    case 'late':
      return sent.map((one) => ({ ...one, afterMs: one.afterMs + fault.byMs }));
    case 'split':
      return sent.flatMap(({ afterMs, bytes }) => [
        { afterMs, bytes: bytes.slice(0, fault.at) },
        { afterMs: afterMs + fault.gapMs, bytes: bytes.slice(fault.at) },
      ]);
    case 'noise':
      return each((bytes) => joinBytes(fault.bytes, bytes));
    case 'marks':
      return each((bytes) => joinBytes(new Uint8Array(fault.count).fill(MARK), bytes.slice(1)));
    case 'changed':
      return flip(fault.at, fault.xor);
  }
}
