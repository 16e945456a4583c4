import { encodeControllerLine, noSession, parseHostLine } from './line.ts';
import { splitLines, splitterStart, type SplitterHeld } from './line-splitter.ts';
import {
  lineVersion,
  pulseBoundsMs,
  type ControllerMessage,
  type HostMessage,
  type JournalMark,
  type LineKey,
  type LineSignal,
  type Refusal,
  type RelayCause,
} from './message.ts';

/** Times of the controller, in ms. */
export const controllerTimes = {
  offerMs: 1000,
  silenceMs: 3000,
  answerSignalMs: 3000,
  /** Silence after which half a line is dropped. */
  lineIdleMs: 250,
} as const;

const contactInput = 1;
/** The count of openings follows each status whose command has a multiple of this as its number. */
const openingsEvery = 64;

export type ControllerPhase = 'unpowered' | 'waiting' | 'serving';

/**
 * The firmware's whole memory. `mark`, `lastId`, `offer` and `openings` are in EEPROM and outlive power; `inputs`
 * and `isTampered` are wires.
 */
export interface ControllerState {
  readonly phase: ControllerPhase;
  readonly maxPulseMs: number;
  readonly inputCount: number;
  readonly inputs: number;
  readonly isTampered: boolean;
  readonly offer: number;
  readonly mark: JournalMark | null;
  readonly lastId: string;
  /** How often the door contact was seen to open, with a host or without one. */
  readonly openings: number;
  readonly held: SplitterHeld;
  readonly bytesAtMs: number;
  readonly session: string;
  readonly receivedSeq: number;
  readonly sentSeq: number;
  /** What the command `receivedSeq` came to, for a repeat of it. */
  readonly lastRefusal: Refusal | null;
  readonly heardAtMs: number;
  readonly offeredAtMs: number;
  readonly releasedUntilMs: number | null;
  readonly signal: LineSignal;
  readonly signalUntilMs: number | null;
}

export type ControllerInput =
  /** Power comes; `entropy` 0 to 65535 makes the first offer hard to have been seen before. */
  | { readonly type: 'powered'; readonly nowMs: number; readonly entropy: number }
  | { readonly type: 'unpowered'; readonly nowMs: number }
  | { readonly type: 'bytes'; readonly nowMs: number; readonly bytes: Uint8Array }
  | { readonly type: 'elapsed'; readonly nowMs: number }
  | { readonly type: 'input'; readonly nowMs: number; readonly input: number; readonly isActive: boolean }
  | { readonly type: 'tamper'; readonly nowMs: number; readonly isActive: boolean }
  | { readonly type: 'key'; readonly nowMs: number; readonly key: LineKey }
  /** `reader` is the pair of terminals, 0 unless told. */
  | {
      readonly type: 'card';
      readonly nowMs: number;
      readonly reader?: number;
      readonly bitCount: number;
      readonly data: string;
    };

export type ControllerEffect =
  | { readonly type: 'send'; readonly line: string }
  | { readonly type: 'relay'; readonly isReleased: boolean; readonly mark: JournalMark | null }
  /** A pulse was carried out: the relay was released, or stays so for longer. */
  | { readonly type: 'pulsed' }
  | { readonly type: 'signal'; readonly signal: LineSignal };

export interface ControllerStep {
  readonly state: ControllerState;
  readonly effects: readonly ControllerEffect[];
}

/** A controller without power, as it left the factory. `maxPulseMs` may only lower the limit of 10 s. */
export function createController(options: {
  readonly maxPulseMs: number;
  readonly inputCount: number;
}): ControllerState {
  return {
    phase: 'unpowered',
    maxPulseMs: Math.min(options.maxPulseMs, pulseBoundsMs.max),
    inputCount: options.inputCount,
    inputs: 0,
    isTampered: false,
    offer: 0,
    mark: null,
    lastId: '',
    openings: 0,
    held: splitterStart,
    bytesAtMs: 0,
    session: noSession,
    receivedSeq: 0,
    sentSeq: 0,
    lastRefusal: null,
    heardAtMs: 0,
    offeredAtMs: 0,
    releasedUntilMs: null,
    signal: 'idle',
    signalUntilMs: null,
  };
}

type Cell<I> = (state: ControllerState, input: I) => ControllerStep;
type Row = { readonly [T in ControllerInput['type']]: Cell<Extract<ControllerInput, { type: T }>> };

const stay = (state: ControllerState): ControllerStep => ({ state, effects: [] });

const table: { readonly [P in ControllerPhase]: Row } = {
  unpowered: {
    powered: powerUp,
    unpowered: stay,
    bytes: stay,
    elapsed: stay,
    input: (state, { input, isActive }) => stay(withLevel(state, input, isActive)),
    tamper: (state, { isActive }) => stay({ ...state, isTampered: isActive }),
    key: stay,
    card: stay,
  },
  waiting: {
    powered: stay,
    unpowered: powerDown,
    bytes: takeBytes,
    elapsed: (state, { nowMs }) =>
      nowMs - state.offeredAtMs < controllerTimes.offerMs ? stay(state) : offer(state, nowMs),
    input: (state, { input, isActive }) => stay(countOpening(state, input, isActive)),
    tamper: (state, { isActive }) => stay({ ...state, isTampered: isActive }),
    // Nothing is kept for a host that comes later: a card must not open the door minutes after it was shown.
    key: stay,
    card: stay,
  },
  serving: {
    powered: stay,
    unpowered: powerDown,
    bytes: takeBytes,
    elapsed: serveTime,
    input: (state, { input, isActive }) => {
      const counted = countOpening(state, input, isActive);
      const told = report(counted, { type: 'input', input, isActive });
      return counted.openings === state.openings ? told : then(told, reportOpenings);
    },
    tamper: (state, { isActive }) => report({ ...state, isTampered: isActive }, { type: 'tamper', isActive }),
    key: (state, { key }) => report(state, { type: 'key', key }),
    card: (state, { reader = 0, bitCount, data }) => report(state, { type: 'card', reader, bitCount, data }),
  },
};

/**
 * Steps the door controller: what the firmware does with bytes, wires and time. It locks by itself at the end of
 * a pulse, when the host is silent, and when power goes. @see RULES.md FB50-FB63, PROTOCOL.md
 */
export function stepController(state: ControllerState, input: ControllerInput): ControllerStep {
  // The cell at input.type takes exactly that input; the compiler cannot follow the index.
  return (table[state.phase][input.type] as Cell<ControllerInput>)(state, input);
}

/** When `elapsed` next has something to do; null without power. */
export function controllerWakeMs(state: ControllerState): number | null {
  if (state.phase === 'unpowered') return null;
  if (state.phase === 'waiting') return state.offeredAtMs + controllerTimes.offerMs;
  const silentAtMs = state.heardAtMs + controllerTimes.silenceMs;
  return Math.min(silentAtMs, state.releasedUntilMs ?? Infinity, state.signalUntilMs ?? Infinity);
}

const then = (step: ControllerStep, next: (state: ControllerState) => ControllerStep): ControllerStep => {
  const { state, effects } = next(step.state);
  return { state, effects: [...step.effects, ...effects] };
};

const offerText = (state: ControllerState): string => state.offer.toString(16).padStart(4, '0');

function powerUp(
  state: ControllerState,
  input: Extract<ControllerInput, { type: 'powered' }>,
): ControllerStep {
  const { maxPulseMs, inputCount, inputs, isTampered, mark, lastId, openings } = state;
  const born = createController({ maxPulseMs, inputCount });
  // Counting on from the last offer keeps boots apart even where there is no entropy at all.
  const next = (state.offer + 1 + input.entropy) & 0xffff;
  return offer(
    { ...born, phase: 'waiting', inputs, isTampered, mark, lastId, openings, offer: next },
    input.nowMs,
  );
}

function powerDown(state: ControllerState): ControllerStep {
  const { state: locked, effects } = lock(state, 'silence');
  // A controller without power sends nothing, but its relay falls.
  return { state: { ...locked, phase: 'unpowered' }, effects: effects.filter(({ type }) => type !== 'send') };
}

function offer(state: ControllerState, nowMs: number): ControllerStep {
  const message: ControllerMessage = { type: 'offer', version: lineVersion, offer: offerText(state) };
  return { state: { ...state, offeredAtMs: nowMs }, effects: [outside(message)] };
}

const outside = (message: ControllerMessage): ControllerEffect => ({
  type: 'send',
  line: encodeControllerLine({ session: noSession, seq: 0, message }),
});

function report(state: ControllerState, message: ControllerMessage): ControllerStep {
  const seq = state.sentSeq + 1;
  const line = encodeControllerLine({ session: state.session, seq, message });
  return { state: { ...state, sentSeq: seq }, effects: [{ type: 'send', line }] };
}

function takeBytes(
  state: ControllerState,
  input: Extract<ControllerInput, { type: 'bytes' }>,
): ControllerStep {
  const { bytes, nowMs } = input;
  const isNewLine = nowMs - state.bytesAtMs >= controllerTimes.lineIdleMs;
  const { held, lines } = splitLines(isNewLine ? splitterStart : state.held, { bytes });
  let step: ControllerStep = stay({ ...state, held, bytesAtMs: nowMs });
  for (const text of lines) step = then(step, (next) => takeLine(next, text, nowMs));
  return step;
}

function takeLine(state: ControllerState, text: string, nowMs: number): ControllerStep {
  const line = parseHostLine(text);
  // Damage is answered with silence: the host repeats what it gets no answer to.
  if (!line.ok) return stay(state);
  const { session, seq, message } = line.value;
  if (message.type === 'query') return offer(state, nowMs);
  if (message.type === 'hello') return welcome(state, message, nowMs);
  if (seq === 0) return stay(state);
  if (state.phase !== 'serving')
    return { state, effects: [outside({ type: 'refused', seq, reason: 'session' })] };
  // A line of an earlier session, late out of some buffer: answering it would disturb the present one.
  if (session !== state.session) return stay(state);
  const heard = { ...state, heardAtMs: nowMs };
  if (seq < state.receivedSeq) return report(heard, { type: 'refused', seq, reason: 'old' });
  if (seq === state.receivedSeq) return answer(heard, message, seq);
  return obey({ ...heard, receivedSeq: seq, lastRefusal: null }, message, seq, nowMs);
}

function welcome(
  state: ControllerState,
  hello: Extract<HostMessage, { type: 'hello' }>,
  nowMs: number,
): ControllerStep {
  // A hello that quotes another offer came out of a buffer; the host behind it may be gone.
  if (hello.offer !== offerText(state)) return stay(state);
  const { state: locked, effects } = lock(state, 'secured');
  const opened: ControllerState = {
    ...locked,
    phase: 'serving',
    session: hello.offer + hello.nonce,
    offer: (state.offer + 1) & 0xffff,
    receivedSeq: 0,
    sentSeq: 0,
    lastRefusal: null,
    heardAtMs: nowMs,
  };
  const { maxPulseMs, inputCount, mark } = state;
  let step: ControllerStep = { state: opened, effects: effects.filter(({ type }) => type !== 'send') };
  step = then(step, (next) => show(next, 'idle', null));
  step = then(step, (next) => report(next, { type: 'welcome', maxPulseMs, inputCount, mark }));
  return then(step, reportOpenings);
}

function obey(state: ControllerState, message: HostMessage, seq: number, nowMs: number): ControllerStep {
  switch (message.type) {
    case 'pulse': {
      const reason = refusalOf(state, message);
      if (reason !== null) return answer({ ...state, lastRefusal: reason }, message, seq);
      return then(pulse(state, message, nowMs), (next) => answer(next, message, seq));
    }
    case 'secure':
      return then(lock(state, 'secured'), (next) => answer(next, message, seq));
    case 'signal': {
      const isAnswer = message.signal === 'granted' || message.signal === 'denied';
      const signalUntilMs = isAnswer ? nowMs + controllerTimes.answerSignalMs : null;
      return then(show(state, message.signal, signalUntilMs), (next) => answer(next, message, seq));
    }
    case 'tick':
    case 'query':
    case 'hello':
      return answer(state, message, seq);
  }
}

function answer(state: ControllerState, message: HostMessage, seq: number): ControllerStep {
  const isReleased = state.releasedUntilMs !== null;
  if (state.lastRefusal !== null) return report(state, { type: 'refused', seq, reason: state.lastRefusal });
  if (message.type !== 'tick') return report(state, { type: 'done', seq, isReleased });
  const { inputs, isTampered } = state;
  const told = report(state, { type: 'status', seq, inputs, isTampered, isReleased });
  return seq % openingsEvery === 0 ? then(told, reportOpenings) : told;
}

function reportOpenings(state: ControllerState): ControllerStep {
  return state.inputCount > contactInput
    ? report(state, { type: 'openings', count: state.openings })
    : stay(state);
}

function refusalOf(state: ControllerState, command: Extract<HostMessage, { type: 'pulse' }>): Refusal | null {
  if (command.output !== 0) return 'output';
  if (command.durationMs < pulseBoundsMs.min || command.durationMs > state.maxPulseMs) return 'duration';
  return isBehind(command.mark, state.mark) ? 'ratchet' : null;
}

/** A gateway put back to an older copy of itself counts its records from where the copy ends. */
function isBehind(mark: JournalMark | null, seen: JournalMark | null): boolean {
  if (seen === null) return false;
  if (mark === null) return true;
  return mark.epoch !== seen.epoch ? mark.epoch < seen.epoch : mark.sq < seen.sq;
}

function pulse(
  state: ControllerState,
  command: Extract<HostMessage, { type: 'pulse' }>,
  nowMs: number,
): ControllerStep {
  if (command.id === state.lastId) return stay(state);
  const wasReleased = state.releasedUntilMs !== null;
  // One deadline: a second pulse makes it later or leaves it, never earlier.
  const releasedUntilMs = Math.max(state.releasedUntilMs ?? 0, nowMs + command.durationMs);
  const mark = command.mark ?? state.mark;
  const released: ControllerState = { ...state, releasedUntilMs, mark, lastId: command.id };
  if (wasReleased) return { state: released, effects: [{ type: 'pulsed' }] };
  const effects: ControllerEffect[] = [
    { type: 'relay', isReleased: true, mark: command.mark },
    { type: 'pulsed' },
  ];
  return then({ state: released, effects }, (next) =>
    report(next, { type: 'output', output: 0, isReleased: true, cause: 'pulse' }),
  );
}

function lock(state: ControllerState, cause: RelayCause): ControllerStep {
  if (state.releasedUntilMs === null) return stay(state);
  const locked: ControllerStep = {
    state: { ...state, releasedUntilMs: null },
    effects: [{ type: 'relay', isReleased: false, mark: null }],
  };
  return then(locked, (next) => report(next, { type: 'output', output: 0, isReleased: false, cause }));
}

function show(state: ControllerState, signal: LineSignal, signalUntilMs: number | null): ControllerStep {
  const effects: ControllerEffect[] = state.signal === signal ? [] : [{ type: 'signal', signal }];
  return { state: { ...state, signal, signalUntilMs }, effects };
}

function serveTime(state: ControllerState, { nowMs }: { readonly nowMs: number }): ControllerStep {
  let step: ControllerStep = stay(state);
  if (state.releasedUntilMs !== null && nowMs >= state.releasedUntilMs)
    step = then(step, (next) => lock(next, 'ended'));
  if (state.signalUntilMs !== null && nowMs >= state.signalUntilMs)
    step = then(step, (next) => show(next, 'idle', null));
  if (nowMs - state.heardAtMs < controllerTimes.silenceMs) return step;
  step = then(step, (next) => lock(next, 'silence'));
  step = then(step, (next) => show(next, 'idle', null));
  return then(step, (next) => offer({ ...next, phase: 'waiting', session: noSession }, nowMs));
}

function withLevel(state: ControllerState, input: number, isActive: boolean): ControllerState {
  const bit = 1 << input;
  return { ...state, inputs: isActive ? state.inputs | bit : state.inputs & ~bit };
}

function countOpening(state: ControllerState, input: number, isActive: boolean): ControllerState {
  const isOpening = input === contactInput && !isActive && (state.inputs & (1 << contactInput)) !== 0;
  const openings = isOpening ? (state.openings + 1) % 2 ** 32 : state.openings;
  return withLevel({ ...state, openings }, input, isActive);
}
