import { bitmap, decimal, flag, hexText, optional, textField, word, type FieldCodec } from './field-codec.ts';

/** Version that both sides must speak; another one is not greeted. */
export const lineVersion = 1;

/** Shortest and longest pulse that a controller gives, in ms; it may be built for less than the longest. */
export const pulseBoundsMs = { min: 100, max: 10_000 } as const;

export const readerSignals = ['granted', 'denied', 'wait', 'alarm', 'idle'] as const;
export type LineSignal = (typeof readerSignals)[number];

export const keys = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'clear', 'enter'] as const;
export type LineKey = (typeof keys)[number];

/** Why a controller refused a command. */
export const refusals = ['session', 'old', 'duration', 'ratchet', 'output'] as const;
export type Refusal = (typeof refusals)[number];

/** What moved the relay. */
export const relayCauses = ['pulse', 'ended', 'secured', 'silence'] as const;
export type RelayCause = (typeof relayCauses)[number];

/** Place of a record in the gateway's journal; ordered by epoch, then by number. */
export interface JournalMark {
  readonly epoch: number;
  readonly sq: number;
}

export type HostMessage =
  /** Asks for an offer, outside any session. */
  | { readonly type: 'query' }
  /** Opens the session `offer + nonce`. */
  | { readonly type: 'hello'; readonly offer: string; readonly nonce: string }
  /** Heartbeat. */
  | { readonly type: 'tick' }
  | {
      readonly type: 'pulse';
      readonly output: number;
      readonly durationMs: number;
      readonly id: string;
      readonly mark: JournalMark | null;
    }
  /** Locks every output now. */
  | { readonly type: 'secure' }
  | { readonly type: 'signal'; readonly signal: LineSignal };

export type ControllerMessage =
  /** Says that there is no session and what a hello must quote. */
  | { readonly type: 'offer'; readonly version: number; readonly offer: string }
  | {
      readonly type: 'welcome';
      readonly maxPulseMs: number;
      readonly inputCount: number;
      readonly mark: JournalMark | null;
    }
  /** Command `seq` was carried out; `isReleased` is the relay after it. */
  | { readonly type: 'done'; readonly seq: number; readonly isReleased: boolean }
  | { readonly type: 'refused'; readonly seq: number; readonly reason: Refusal }
  /** Answers a tick with every level. */
  | {
      readonly type: 'status';
      readonly seq: number;
      readonly inputs: number;
      readonly isTampered: boolean;
      readonly isReleased: boolean;
    }
  | { readonly type: 'card'; readonly reader: number; readonly bitCount: number; readonly data: string }
  | { readonly type: 'key'; readonly key: LineKey }
  | { readonly type: 'input'; readonly input: number; readonly isActive: boolean }
  | { readonly type: 'tamper'; readonly isActive: boolean }
  | {
      readonly type: 'output';
      readonly output: number;
      readonly isReleased: boolean;
      readonly cause: RelayCause;
    }
  /** How often the controller has seen the door open since it was made, over power cuts too. */
  | { readonly type: 'openings'; readonly count: number };

/** The letter of each message and its fields in the order they stand on the line. */
export type Layouts<M extends { readonly type: string }> = {
  readonly [T in M['type']]: {
    readonly code: string;
    readonly fields: {
      readonly [F in Exclude<keyof Extract<M, { type: T }>, 'type'>]: FieldCodec<Extract<M, { type: T }>[F]>;
    };
  };
};

const seqField = decimal(1, 0xffff_ffff);

const journalMark: FieldCodec<JournalMark> = {
  encode: ({ epoch, sq }) => `${epoch}.${sq}`,
  parse: (text) => {
    const [epochText = '', sqText = '', ...rest] = text.split('.');
    const epoch = decimal(0, 0xffff_ffff).parse(epochText);
    const sq = decimal(0, 0xffff_ffff).parse(sqText);
    return epoch === undefined || sq === undefined || rest.length > 0 ? undefined : { epoch, sq };
  },
};

/** 1 to 36 printable ASCII characters without blank and `*`. */
export const pulseIdPattern = /^[!-)+-~]{1,36}$/;

export const hostLayouts: Layouts<HostMessage> = {
  query: { code: 'Q', fields: {} },
  hello: { code: 'H', fields: { offer: hexText(4), nonce: hexText(4) } },
  tick: { code: 'T', fields: {} },
  pulse: {
    code: 'P',
    fields: {
      output: decimal(0, 7),
      // Wider than the bounds: a duration that is too long is refused by name, not lost as a malformed line.
      durationMs: decimal(0, 0xffff_ffff),
      id: textField(pulseIdPattern),
      mark: optional(journalMark),
    },
  },
  secure: { code: 'L', fields: {} },
  signal: { code: 'G', fields: { signal: word(readerSignals) } },
};

export const controllerLayouts: Layouts<ControllerMessage> = {
  offer: { code: 'B', fields: { version: decimal(1, 255), offer: hexText(4) } },
  welcome: {
    code: 'W',
    fields: { maxPulseMs: decimal(100, 10_000), inputCount: decimal(0, 8), mark: optional(journalMark) },
  },
  done: { code: 'A', fields: { seq: seqField, isReleased: flag } },
  refused: { code: 'N', fields: { seq: seqField, reason: word(refusals) } },
  status: { code: 'S', fields: { seq: seqField, inputs: bitmap, isTampered: flag, isReleased: flag } },
  card: {
    code: 'C',
    fields: { reader: decimal(0, 3), bitCount: decimal(1, 64), data: textField(/^[0-9A-F]{1,16}$/) },
  },
  key: { code: 'K', fields: { key: word(keys) } },
  input: { code: 'I', fields: { input: decimal(0, 7), isActive: flag } },
  tamper: { code: 'X', fields: { isActive: flag } },
  output: { code: 'O', fields: { output: decimal(0, 7), isReleased: flag, cause: word(relayCauses) } },
  openings: { code: 'D', fields: { count: decimal(0, 0xffff_ffff) } },
};
