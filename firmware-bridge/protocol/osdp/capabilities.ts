import type { CapabilityRecord } from './replies.ts';
import { minReceiveBytes } from './frame.ts';

/** What a device says about itself, as far as a door needs it. */
export interface Capabilities {
  readonly inputs: number;
  readonly outputs: number;
  /** The device ends an output pulse by itself. */
  readonly hasTimedOutputs: boolean;
  readonly readers: number;
  readonly leds: number;
  readonly hasBuzzer: boolean;
  readonly textDisplays: number;
  readonly hasCrc: boolean;
  readonly hasAes128: boolean;
  /** The device still opens a channel with the key that everybody knows. */
  readonly hasDefaultKey: boolean;
  readonly receiveBytes: number;
}

export const noCapabilities: Capabilities = {
  inputs: 0,
  outputs: 0,
  hasTimedOutputs: false,
  readers: 0,
  leds: 0,
  hasBuzzer: false,
  textDisplays: 0,
  hasCrc: false,
  hasAes128: false,
  hasDefaultKey: false,
  receiveBytes: minReceiveBytes,
};

/** One line a PDCAP function: what a record of it adds to the picture. Functions not listed add nothing. */
const FUNCTIONS: Readonly<Record<number, (record: CapabilityRecord) => Partial<Capabilities>>> = {
  1: ({ count }) => ({ inputs: count }),
  // Compliance 1 on/off, 2 with drivers; only 3 (timed) and 4 (timed with drivers) end a pulse by themselves.
  2: ({ compliance, count }) => ({
    outputs: count,
    hasTimedOutputs: compliance === 3 || compliance === 4,
  }),
  4: ({ compliance, count }) => ({ leds: compliance === 0 ? 0 : count }),
  5: ({ compliance }) => ({ hasBuzzer: compliance > 0 }),
  6: ({ compliance, count }) => ({ textDisplays: compliance === 0 ? 0 : count }),
  8: ({ compliance }) => ({ hasCrc: compliance === 1 }),
  9: ({ compliance, count }) => ({ hasAes128: (compliance & 1) === 1, hasDefaultKey: (count & 1) === 1 }),
  // Here the two bytes are one number, low byte first.
  10: ({ compliance, count }) => ({ receiveBytes: Math.max(minReceiveBytes, compliance + 256 * count) }),
  13: ({ count }) => ({ readers: count }),
};

/** Reads the records of a PDCAP reply. */
export const capabilitiesOf = (records: readonly CapabilityRecord[]): Capabilities =>
  records.reduce<Capabilities>(
    (known, record) => ({ ...known, ...FUNCTIONS[record.function]?.(record) }),
    noCapabilities,
  );
