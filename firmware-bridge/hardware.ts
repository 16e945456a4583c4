import type { MonoMs } from '#contract/clock';
import type { WiegandFormat } from './protocol/card/wiegand-format.ts';
import type { KeypadBurst } from './protocol/keypad/read-wiegand.ts';
import type { KeypadMode } from './protocol/keypad/wiegand-key.ts';
import type { PairedKey } from './protocol/osdp/channel-key.ts';
import type { LinkDiagnostic } from './protocol/osdp/link-event.ts';

/** One door: its readers by name ('entry', 'exit', 'panel', ...) and its lock. */
export interface DoorHardwareConfig {
  readonly doorId: string;
  readonly readers: Readonly<Record<string, ReaderConfig>>;
  readonly lock: LockConfig;
}

/** `port` is a stable device path or `tcp://host:port`; `baud` defaults to what the device leaves the factory with. */
interface PortConfig {
  readonly port: string;
  readonly baud?: number | undefined;
}

/** Card readers that need no more than their port. */
export const plainProtocols = ['rdm6300', 'id12', 'em18', 'gwiot7941', 'gwiot7941w', 'pn532'] as const;
export type PlainProtocol = (typeof plainProtocols)[number];

type PlainReaderConfig = {
  readonly [P in PlainProtocol]: PortConfig & { readonly protocol: P };
}[PlainProtocol];

/**
 * A reader that writes lines. `prefix` and `suffix` are what stands around the digits, `length` counts the digits
 * of the number alone. `media` is what the number is (`id`: not known), `bytes` how many bytes it stands for (what
 * hex digits say by themselves, for decimal ones the most that always fit), `order` which of them comes first.
 */
export interface AsciiReaderConfig extends PortConfig {
  readonly protocol: 'ascii';
  readonly prefix?: string | undefined;
  readonly suffix?: string | undefined;
  readonly radix: 10 | 16;
  readonly length: number;
  readonly check?: 'none' | 'xor' | undefined;
  readonly media?: 'em' | 'mf' | 'id' | undefined;
  readonly bytes?: number | undefined;
  readonly order?: 'air' | 'reversed' | undefined;
}

/** A door controller of our own: keypad, inputs, lock, and Wiegand readers behind it. 38400 baud. */
export interface LineReaderConfig extends PortConfig {
  readonly protocol: 'line';
}

/**
 * A reader wired to a door controller: `reader` names the controller, `number` the pair of terminals there. What it
 * sends is a setting and never guessed: `format` of its cards (`raw` with `bits`), `keypad` how it sends keys.
 */
export interface WiegandReaderConfig {
  readonly protocol: 'wiegand';
  readonly reader: string;
  readonly number: number;
  readonly format: WiegandFormat | 'raw';
  readonly bits?: number | undefined;
  /** For 34 bits: `ignored` where the reader leaves its parity zero. */
  readonly parity?: 'checked' | 'ignored' | undefined;
  readonly keypad?: 'none' | KeypadMode | KeypadBurst | undefined;
}

/** What the cards of a reader are; left out, a card is the bits that came, with the parity of 26 and 34 checked. */
export type OsdpCardConfig = Pick<WiegandReaderConfig, 'format' | 'bits' | 'parity'>;

/**
 * An OSDP reader; several readers of a door may share a port and a rate, each at its `address`, 0 to 126. With a
 * `key` nothing that arrives in clear counts; to be without one takes `allowClear`. 9600 baud.
 */
export interface OsdpReaderConfig extends PortConfig {
  readonly protocol: 'osdp';
  readonly address: number;
  readonly key?: PairedKey | undefined;
  readonly allowClear?: true | undefined;
  readonly card?: OsdpCardConfig | undefined;
}

export type ReaderConfig =
  PlainReaderConfig | AsciiReaderConfig | LineReaderConfig | WiegandReaderConfig | OsdpReaderConfig;

/** The relay of a door controller: `reader` names it, `output` is the relay. */
export interface LineLockConfig {
  readonly driver: 'line';
  readonly reader: string;
  readonly output: number;
  readonly releaseMs: number;
}

/** An output of an OSDP reader, which ends the pulse by itself; `releaseMs` is a multiple of 100. */
export interface OsdpLockConfig {
  readonly driver: 'osdp-output';
  readonly reader: string;
  readonly output: number;
  readonly releaseMs: number;
}

/** A Modbus board with flash-on: `unit` 1 to 247, `relay` counted from 0; the board ends the pulse. */
export interface ModbusLockConfig extends PortConfig {
  readonly driver: 'modbus-rtu';
  readonly unit: number;
  readonly relay: number;
  readonly releaseMs: number;
}

/** A USB relay without a timer: `channel` 1 to 8. Only with a one-shot of hardware behind it. */
export interface LcusLockConfig extends PortConfig {
  readonly driver: 'lcus';
  readonly channel: number;
  readonly hardwareTimer: 'external';
  readonly releaseMs: number;
}

/** A pin of this machine: `chip` is the label of its chip, `line` the offset there. Only with a one-shot behind it. */
export interface GpioLockConfig {
  readonly driver: 'gpio';
  readonly chip: string;
  readonly line: number;
  readonly hardwareTimer: 'external';
  readonly releaseMs: number;
}

export type LockConfig = LineLockConfig | OsdpLockConfig | ModbusLockConfig | LcusLockConfig | GpioLockConfig;

/** Under this name a lock with a port of its own tells its `reader` events. */
export const lockPortName = 'lock';

/** What the gateway may ask of a door's hardware. */
export interface DoorHardware {
  /** Calls the listener with every later event, in order; returns the function that stops it. */
  onEvent(listener: (event: HardwareEvent) => void): () => void;
  /**
   * Asks the lock hardware for one pulse that the hardware itself ends. Resolves when acknowledged, refused or
   * given up; never rejects, never sends past `notAfterMs`, never replays after a reconnect.
   * @see RULES.md FB40-FB44
   */
  pulse(command: PulseCommand): Promise<PulseOutcome>;
  /** Asks the hardware to lock and resolves with what it said; `unconfirmed` when it could not be asked. */
  secure(): Promise<SecureOutcome>;
  /** Shows a signal on a reader; dropped when the reader is offline or has no light. */
  signal(reader: string, signal: ReaderSignal): void;
  /** Secures the lock (waits at most 1 s for it), then closes the ports. */
  close(): Promise<void>;
}

export type ReaderSignal = 'granted' | 'denied' | 'wait' | 'alarm' | 'idle';

export interface PulseCommand {
  /** 1 to 36 printable ASCII characters without blank and `*`; one id is executed at most once. */
  readonly id: string;
  /** Whole milliseconds, 100 to 10000. */
  readonly durationMs: number;
  /** The command is dropped and never sent past this. */
  readonly notAfterMs: MonoMs;
  /**
   * Place of the record that authorises the pulse. The controller refuses one lower than it has seen, and once
   * it has seen any it refuses a pulse without.
   */
  readonly journal?: { readonly epoch: number; readonly sq: number };
}

export type PulseRefusal = 'expired' | 'offline' | 'rejected' | 'invalid-duration';

/** `unconfirmed`: sent, but no acknowledgement came in time. */
export type PulseOutcome =
  | { readonly kind: 'acknowledged' }
  | { readonly kind: 'refused'; readonly reason: PulseRefusal }
  | { readonly kind: 'unconfirmed' };

export type SecureOutcome = { readonly kind: 'secured' } | { readonly kind: 'unconfirmed' };

export type Key = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9' | 'clear' | 'enter';

/**
 * `stale-read`: a card or key that may have been shown while nobody asked. `input-fault`: a supervised input whose
 * wires are cut or shorted. `untimed-output`: the reader cannot end the pulse of its lock, which is refused.
 */
export type DiagnosticCode =
  | 'damaged-read'
  | 'noise'
  | 'overlong'
  | 'bad-crc'
  | 'sequence-gap'
  | 'stale-read'
  | 'input-fault'
  | 'untimed-output'
  | LinkDiagnostic;

export type HardwareEvent =
  /** One presentation of a card, however often the reader repeats it. `card` is canonical: `em:6F007B3972`. */
  | { readonly type: 'card'; readonly reader: string; readonly card: string; readonly atMs: MonoMs }
  | { readonly type: 'key'; readonly reader: string; readonly key: Key; readonly atMs: MonoMs }
  /** A level that changed. `isInitial`: the first level since the reader came online, a state and never an edge. */
  | {
      readonly type: 'input';
      readonly reader: string;
      readonly input: number;
      readonly isActive: boolean;
      readonly isInitial: boolean;
      /** The wires are cut or shorted, as far as the input can tell; it is then not active either. */
      readonly isFaulty?: true;
      readonly atMs: MonoMs;
    }
  /** The relay as the hardware reports it; `fault` when it is released and nobody asked for that, or stays so. */
  | { readonly type: 'lock'; readonly state: 'released' | 'secured' | 'fault'; readonly atMs: MonoMs }
  | {
      readonly type: 'reader';
      readonly reader: string;
      readonly state: 'online' | 'offline';
      readonly reason: string;
      readonly atMs: MonoMs;
    }
  | { readonly type: 'tamper'; readonly reader: string; readonly isActive: boolean; readonly atMs: MonoMs }
  /** The power of a reader as it reports it itself. */
  | { readonly type: 'power'; readonly reader: string; readonly isFailing: boolean; readonly atMs: MonoMs }
  /** How often the controller has seen the door open since it was made: an account beside the gateway's own. */
  | { readonly type: 'openings'; readonly reader: string; readonly count: number; readonly atMs: MonoMs }
  /** The highest place of a journal record that the controller has obeyed, as it keeps it over every power cut. */
  | {
      readonly type: 'journal-mark';
      readonly reader: string;
      readonly epoch: number;
      readonly sq: number;
      readonly atMs: MonoMs;
    }
  /** `count` of such faults since the last one told, at most one event per reader and code in 10 s. */
  | {
      readonly type: 'diagnostic';
      readonly reader: string;
      readonly code: DiagnosticCode;
      readonly count: number;
      readonly atMs: MonoMs;
    };
