import { malformed, parsed, type Parsed } from '../result.ts';
import { joinBytes, littleEndian, octet, readLittleEndian } from './byte-order.ts';
import {
  asciiOf,
  codeOf,
  msAt,
  nameOf,
  recordsOf,
  tenths,
  textOf,
  type OfType,
  type PayloadCodec,
  type PayloadFault,
} from './payload.ts';

/** OUT control codes by number. `pulse-on` is the one that opens a door: the device itself ends it. */
export const OUTPUT_CONTROLS = [
  'none',
  'off',
  'on',
  'off-after-timer',
  'on-after-timer',
  'pulse-on',
  'pulse-off',
] as const;
export type OutputControlName = (typeof OUTPUT_CONTROLS)[number];

export interface OutputControl {
  readonly output: number;
  readonly control: OutputControlName;
  /** Multiple of 100, up to 6553500; 0 with a pulse means for ever. */
  readonly timerMs: number;
}

export const LED_COLORS = ['black', 'red', 'green', 'amber', 'blue', 'magenta', 'cyan', 'white'] as const;
export type LedColor = (typeof LED_COLORS)[number];
const LED_TEMPORARY = ['none', 'cancel', 'set'] as const;
const LED_PERMANENT = ['none', 'set'] as const;

/** On and off times are multiples of 100 ms, up to 25500; both 0 is no pattern. */
export interface LedPattern {
  readonly onMs: number;
  readonly offMs: number;
  readonly onColor: LedColor;
  readonly offColor: LedColor;
}

export interface LedControl {
  readonly reader: number;
  readonly led: number;
  readonly temporary: LedPattern & {
    readonly control: (typeof LED_TEMPORARY)[number];
    readonly timerMs: number;
  };
  readonly permanent: LedPattern & { readonly control: (typeof LED_PERMANENT)[number] };
}

const BUZZER_TONES = ['none', 'off', 'default'] as const;
const TEXT_MODES = ['none', 'permanent', 'permanent-wrap', 'temporary', 'temporary-wrap'] as const;

export type Command =
  | { readonly type: 'POLL' | 'ID' | 'CAP' | 'LSTAT' | 'ISTAT' | 'OSTAT' | 'RSTAT' | 'ABORT' }
  | { readonly type: 'OUT'; readonly outputs: readonly OutputControl[] }
  | { readonly type: 'LED'; readonly leds: readonly LedControl[] }
  | {
      readonly type: 'BUZ';
      readonly reader: number;
      readonly tone: (typeof BUZZER_TONES)[number];
      /** Multiples of 100, up to 25500. */
      readonly onMs: number;
      readonly offMs: number;
      /** 0 = until told off. */
      readonly count: number;
    }
  | {
      readonly type: 'TEXT';
      readonly reader: number;
      readonly mode: (typeof TEXT_MODES)[number];
      readonly temporaryS: number;
      /** From 1. */
      readonly row: number;
      /** From 1. */
      readonly column: number;
      /** Printable ASCII, at most 255. */
      readonly text: string;
    }
  | { readonly type: 'COMSET'; readonly address: number; readonly baud: number }
  | { readonly type: 'KEYSET'; readonly key: Uint8Array }
  | { readonly type: 'CHLNG'; readonly rndA: Uint8Array }
  | { readonly type: 'SCRYPT'; readonly cryptogram: Uint8Array }
  | { readonly type: 'ACURXSIZE'; readonly receiveBytes: number }
  | { readonly type: 'KEEPACTIVE'; readonly forMs: number }
  /** A command without a layout here, kept as it came. */
  | { readonly type: 'OTHER'; readonly code: number; readonly data: Uint8Array };

export type CommandType = Command['type'];

const KEY_TYPE_SCBK = 0x01;

const bare = <const T extends 'POLL' | 'LSTAT' | 'ISTAT' | 'OSTAT' | 'RSTAT' | 'ABORT'>(
  type: T,
  code: number,
): PayloadCodec<{ readonly type: T }> => ({
  code,
  encode: () => new Uint8Array(0),
  parse: (data) => (data.length === 0 ? { type } : 'length'),
});

/** ID and CAP carry one byte that names the kind of answer; 0 is the only kind in use. */
const asking = <const T extends 'ID' | 'CAP'>(type: T, code: number): PayloadCodec<{ readonly type: T }> => ({
  code,
  encode: () => octet(0),
  parse: (data) => (data.length !== 1 ? 'length' : data[0] === 0 ? { type } : 'value'),
});

const patternBytes = ({ onMs, offMs, onColor, offColor }: LedPattern): Uint8Array =>
  joinBytes(
    octet(tenths(onMs)),
    octet(tenths(offMs)),
    octet(codeOf(LED_COLORS, onColor)),
    octet(codeOf(LED_COLORS, offColor)),
  );

function patternAt(record: Uint8Array, at: number): LedPattern | undefined {
  const onColor = nameOf(LED_COLORS, record[at + 2]);
  const offColor = nameOf(LED_COLORS, record[at + 3]);
  if (onColor === undefined || offColor === undefined) return undefined;
  return { onMs: msAt(record, at, 1), offMs: msAt(record, at + 1, 1), onColor, offColor };
}

function parseLed(record: Uint8Array): LedControl | undefined {
  const temporary = nameOf(LED_TEMPORARY, record[2]);
  const permanent = nameOf(LED_PERMANENT, record[9]);
  const first = patternAt(record, 3);
  const second = patternAt(record, 10);
  if (temporary === undefined || permanent === undefined || first === undefined || second === undefined)
    return undefined;
  return {
    reader: record[0] ?? 0,
    led: record[1] ?? 0,
    temporary: { control: temporary, ...first, timerMs: msAt(record, 7, 2) },
    permanent: { control: permanent, ...second },
  };
}

const isWhole = <T>(values: readonly (T | undefined)[]): values is readonly T[] =>
  !values.includes(undefined);

/** Command layouts, code by code (OSDP v2.2 commands a door needs). */
const CODECS: {
  readonly [T in Exclude<CommandType, 'OTHER'>]: PayloadCodec<OfType<Command, T>>;
} = {
  POLL: bare('POLL', 0x60),
  ID: asking('ID', 0x61),
  CAP: asking('CAP', 0x62),
  LSTAT: bare('LSTAT', 0x64),
  ISTAT: bare('ISTAT', 0x65),
  OSTAT: bare('OSTAT', 0x66),
  RSTAT: bare('RSTAT', 0x67),
  OUT: {
    code: 0x68,
    encode: ({ outputs }) =>
      joinBytes(
        ...outputs.map(({ output, control, timerMs }) =>
          joinBytes(octet(output), octet(codeOf(OUTPUT_CONTROLS, control)), littleEndian(tenths(timerMs), 2)),
        ),
      ),
    parse: (data) => {
      const outputs = recordsOf(data, 4)?.map((record) => {
        const control = nameOf(OUTPUT_CONTROLS, record[1]);
        return control && { output: record[0] ?? 0, control, timerMs: msAt(record, 2, 2) };
      });
      if (outputs === undefined) return 'length';
      return isWhole(outputs) ? { type: 'OUT', outputs } : 'value';
    },
  },
  LED: {
    code: 0x69,
    encode: ({ leds }) =>
      joinBytes(
        ...leds.map(({ reader, led, temporary, permanent }) =>
          joinBytes(
            octet(reader),
            octet(led),
            octet(codeOf(LED_TEMPORARY, temporary.control)),
            patternBytes(temporary),
            littleEndian(tenths(temporary.timerMs), 2),
            octet(codeOf(LED_PERMANENT, permanent.control)),
            patternBytes(permanent),
          ),
        ),
      ),
    parse: (data) => {
      const leds = recordsOf(data, 14)?.map(parseLed);
      if (leds === undefined) return 'length';
      return isWhole(leds) ? { type: 'LED', leds } : 'value';
    },
  },
  BUZ: {
    code: 0x6a,
    encode: ({ reader, tone, onMs, offMs, count }) =>
      joinBytes(
        octet(reader),
        octet(codeOf(BUZZER_TONES, tone)),
        octet(tenths(onMs)),
        octet(tenths(offMs)),
        octet(count),
      ),
    parse: (data) => {
      if (data.length !== 5) return 'length';
      const tone = nameOf(BUZZER_TONES, data[1]);
      if (tone === undefined) return 'value';
      return {
        type: 'BUZ',
        reader: data[0] ?? 0,
        tone,
        onMs: msAt(data, 2, 1),
        offMs: msAt(data, 3, 1),
        count: data[4] ?? 0,
      };
    },
  },
  TEXT: {
    code: 0x6b,
    encode: ({ reader, mode, temporaryS, row, column, text }) =>
      joinBytes(
        octet(reader),
        octet(codeOf(TEXT_MODES, mode)),
        octet(temporaryS),
        octet(row),
        octet(column),
        octet(text.length),
        asciiOf(text),
      ),
    parse: (data) => {
      if (data.length < 6 || data.length !== 6 + (data[5] ?? 0)) return 'length';
      const mode = nameOf(TEXT_MODES, data[1]);
      const text = textOf(data.slice(6));
      if (mode === undefined || mode === 'none' || !/^[\x20-\x7e]*$/.test(text)) return 'value';
      return {
        type: 'TEXT',
        reader: data[0] ?? 0,
        mode,
        temporaryS: data[2] ?? 0,
        row: data[3] ?? 0,
        column: data[4] ?? 0,
        text,
      };
    },
  },
  COMSET: {
    code: 0x6e,
    encode: ({ address, baud }) => joinBytes(octet(address), littleEndian(baud, 4)),
    parse: (data) => {
      if (data.length !== 5) return 'length';
      return { type: 'COMSET', address: data[0] ?? 0, baud: readLittleEndian(data, 1, 4) };
    },
  },
  KEYSET: {
    code: 0x75,
    encode: ({ key }) => joinBytes(octet(KEY_TYPE_SCBK), octet(key.length), key),
    parse: (data) => {
      if (data.length !== 18) return 'length';
      return data[0] === KEY_TYPE_SCBK && data[1] === 16 ? { type: 'KEYSET', key: data.slice(2) } : 'value';
    },
  },
  CHLNG: {
    code: 0x76,
    encode: ({ rndA }) => rndA,
    parse: (data) => (data.length === 8 ? { type: 'CHLNG', rndA: data } : 'length'),
  },
  SCRYPT: {
    code: 0x77,
    encode: ({ cryptogram }) => cryptogram,
    parse: (data) => (data.length === 16 ? { type: 'SCRYPT', cryptogram: data } : 'length'),
  },
  ACURXSIZE: {
    code: 0x7b,
    encode: ({ receiveBytes }) => littleEndian(receiveBytes, 2),
    parse: (data) =>
      data.length === 2 ? { type: 'ACURXSIZE', receiveBytes: readLittleEndian(data, 0, 2) } : 'length',
  },
  ABORT: bare('ABORT', 0xa2),
  KEEPACTIVE: {
    code: 0xa7,
    encode: ({ forMs }) => littleEndian(forMs, 2),
    parse: (data) =>
      data.length === 2 ? { type: 'KEEPACTIVE', forMs: readLittleEndian(data, 0, 2) } : 'length',
  },
};

const BY_CODE = new Map<number, PayloadCodec<Command>>(
  Object.values(CODECS).map((codec) => [codec.code, codec as PayloadCodec<Command>]),
);

const TYPE_BY_CODE = new Map(Object.entries(CODECS).map(([type, { code }]) => [code, type as CommandType]));

/** The command that a code byte stands for; the code is in clear even where the payload is not. */
export const commandTypeOf = (code: number): CommandType => TYPE_BY_CODE.get(code) ?? 'OTHER';

/** The code byte and payload of a command. Throws RangeError when a value does not fit its field. */
export function encodeCommand(command: Command): { readonly code: number; readonly data: Uint8Array } {
  if (command.type === 'OTHER') return { code: command.code, data: command.data };
  const codec = CODECS[command.type] as PayloadCodec<Command>;
  return { code: codec.code, data: codec.encode(command) };
}

/** Reads a command; one without a layout here comes back as OTHER, with its bytes. */
export function parseCommand(code: number, data: Uint8Array): Parsed<Command, PayloadFault> {
  const codec = BY_CODE.get(code);
  if (codec === undefined) return parsed({ type: 'OTHER', code, data });
  const command = codec.parse(data);
  return typeof command === 'string' ? malformed(command) : parsed(command);
}
