import {
  flashOn,
  flashTickMs,
  modbusStart,
  readCoils,
  receiveModbus,
  switchOff,
  type ModbusHeld,
  type ModbusReply,
  type ModbusRequest,
} from './modbus-frame.ts';

/** One relay of one board, alone on its link. */
export interface ModbusRelayConfig {
  /** 1 to 247 */
  readonly unit: number;
  /** Counted from 0. */
  readonly relay: number;
}

/** One pulse; `durationMs` is 100 to 10000 and rounded up to what the board can count. */
export interface RelayPulse {
  readonly id: string;
  readonly durationMs: number;
  /** Never sent at or after this. */
  readonly notAfterMs: number;
}

/** Every `atMs` is of one monotonic clock. */
export type RelayInput =
  | { readonly type: 'opened'; readonly atMs: number }
  | { readonly type: 'closed'; readonly atMs: number }
  | { readonly type: 'bytes'; readonly bytes: Uint8Array; readonly atMs: number }
  | { readonly type: 'time'; readonly atMs: number }
  | { readonly type: 'pulse'; readonly pulse: RelayPulse; readonly atMs: number }
  | { readonly type: 'secure'; readonly atMs: number };

export type PulseAnswer =
  | { readonly kind: 'acknowledged' }
  | { readonly kind: 'refused'; readonly reason: 'expired' | 'offline' | 'rejected' | 'invalid-duration' }
  | { readonly kind: 'unconfirmed' };

export type RelayEffect =
  | { readonly type: 'send'; readonly bytes: Uint8Array }
  | { readonly type: 'pulse-answered'; readonly id: string; readonly answer: PulseAnswer }
  /** What a read of the board said; told when it changes and after every `secure`. */
  | { readonly type: 'relay'; readonly state: 'released' | 'secured' }
  /** `released-unasked`: on although no pulse runs. `not-secured`: still on after it was switched off. */
  | { readonly type: 'fault'; readonly code: 'released-unasked' | 'not-secured' }
  | { readonly type: 'online' }
  | { readonly type: 'offline' }
  | { readonly type: 'damaged' };

/**
 * `probing`: is it there, and does its adapter echo? `securing` and `proving-secured`: switch off, then read.
 * `flashing` and `proving-flash`: the pulse, then read. `checking`: a read when nothing else is to do.
 */
type Phase =
  'closed' | 'idle' | 'probing' | 'securing' | 'proving-secured' | 'flashing' | 'proving-flash' | 'checking';

/** A question: to be sent at `dueMs`, or sent and to be answered until then. */
interface Exchange {
  readonly request: ModbusRequest;
  readonly isSent: boolean;
  readonly held: ModbusHeld;
}

export interface ModbusRelayState {
  readonly config: ModbusRelayConfig;
  readonly phase: Phase;
  readonly exchange: Exchange | undefined;
  /** When `time` is wanted. */
  readonly dueMs: number | undefined;
  /** Nothing is sent before this: frames are told apart by silence. */
  readonly quietUntilMs: number;
  readonly isEchoing: boolean;
  readonly isOnline: boolean;
  readonly isSecureWanted: boolean;
  /** Fruitless tries of the phase's task in a row. */
  readonly tries: number;
  /** Under way, or waiting for the line. */
  readonly pulse: RelayPulse | undefined;
  /** Until when a pulse may keep the relay on. */
  readonly endsAtMs: number | undefined;
  readonly relay: 'unknown' | 'released' | 'secured';
}

/** 3.5 characters are 4 ms at 9600; a USB adapter's own buffering blurs that. */
const gapMs = 10;
const replyMs = 250;
const checkEveryMs = 2_000;
const retryMs = 1_000;
const maxTries = 3;
/** Boards count their ticks from when they got round to it. */
const endMarginMs = 200;
const minPulseMs = 100;
const maxPulseMs = 10_000;

/**
 * The relay before its port is open.
 * @throws RangeError when the board could have no such unit or relay.
 * @see RULES.md RL7-RL16
 */
export function createModbusRelay(config: ModbusRelayConfig): ModbusRelayState {
  flashOn(config.unit, config.relay, 1);
  return {
    config,
    phase: 'closed',
    exchange: undefined,
    dueMs: undefined,
    pulse: undefined,
    endsAtMs: undefined,
    quietUntilMs: 0,
    isEchoing: false,
    isOnline: false,
    isSecureWanted: false,
    tries: 0,
    relay: 'unknown',
  };
}

interface Stepped {
  readonly state: ModbusRelayState;
  readonly effects: readonly RelayEffect[];
}

type Sign =
  'opened' | 'closed' | 'pulse' | 'secure' | 'due' | 'on' | 'off' | 'written' | 'exception' | 'lost';
type Cell = (state: ModbusRelayState, atMs: number) => Stepped;

/**
 * Runs one relay as a lock: one question on the line at a time; a pulse counts only when a read says that the relay
 * is on, since an echo looks like the answer to a write; after every opening and every doubt it is switched off first.
 */
export function stepModbusRelay(state: ModbusRelayState, input: RelayInput): Stepped {
  const { atMs } = input;
  switch (input.type) {
    case 'opened':
    case 'closed':
    case 'secure':
      return cells[state.phase][input.type](state, atMs);
    case 'pulse':
      return askPulse(state, input.pulse, atMs);
    case 'time':
      if (state.dueMs === undefined || atMs < state.dueMs) return { state, effects: [] };
      return timeDue(state, atMs);
    case 'bytes':
      return takeBytes(state, input.bytes, atMs);
  }
}

function askPulse(state: ModbusRelayState, pulse: RelayPulse, atMs: number): Stepped {
  const { durationMs } = pulse;
  const isDuration = Number.isInteger(durationMs) && durationMs >= minPulseMs && durationMs <= maxPulseMs;
  if (!isDuration) return { state, effects: [refuse(pulse, 'invalid-duration')] };
  if (!state.isOnline) return { state, effects: [refuse(pulse, 'offline')] };
  if (atMs >= pulse.notAfterMs) return { state, effects: [refuse(pulse, 'expired')] };
  // One writer at a time: a second pulse waits for nobody, so that none is sent late.
  if (state.pulse !== undefined || state.isSecureWanted)
    return { state, effects: [refuse(pulse, 'rejected')] };
  return cells[state.phase].pulse({ ...state, pulse }, atMs);
}

function timeDue(state: ModbusRelayState, atMs: number): Stepped {
  const { exchange } = state;
  if (exchange === undefined) return cells[state.phase].due(state, atMs);
  if (exchange.isSent) {
    const idle = receiveModbus(exchange.request, exchange.held, { idle: true });
    const taken = takeReplies(withHeld(state, idle.held), idle.events, atMs);
    return taken.state.exchange?.isSent === true && taken.state.exchange.request === exchange.request
      ? then(taken, (next) => cells[next.phase].lost(endExchange(next, atMs), atMs))
      : taken;
  }
  return putQuestion(state, exchange.request, atMs);
}

/** Puts the phase's question, or schedules it when the line has not been quiet for long enough. */
function begin(state: ModbusRelayState, phase: Exclude<Phase, 'closed' | 'idle'>, atMs: number): Stepped {
  const request = questionOf(state, phase);
  if (atMs >= state.quietUntilMs) return putQuestion({ ...state, phase }, request, atMs);
  const exchange = { request, isSent: false, held: modbusStart(request, false) };
  return { state: { ...state, phase, exchange, dueMs: state.quietUntilMs }, effects: [] };
}

function questionOf({ config, pulse }: ModbusRelayState, phase: Phase): ModbusRequest {
  const { unit, relay } = config;
  if (phase === 'securing') return switchOff(unit, relay);
  return phase === 'flashing' ? flashOn(unit, relay, ticksOf(pulse)) : readCoils(unit, relay, 1);
}

function putQuestion(state: ModbusRelayState, request: ModbusRequest, atMs: number): Stepped {
  if (state.phase === 'flashing' && state.pulse !== undefined && atMs >= state.pulse.notAfterMs) {
    const late: PulseAnswer =
      state.tries === 0 ? { kind: 'refused', reason: 'expired' } : { kind: 'unconfirmed' };
    const dropped = withoutPulse(withoutExchange(state));
    return then({ state: dropped, effects: answerOf(state, late) }, (next) => goOn(next, atMs));
  }
  // A read can never be taken for its echo, so every read finds out anew whether the adapter echoes.
  const held = modbusStart(request, state.isEchoing || request.bits > 0);
  const durationMs = state.phase === 'flashing' ? ticksOf(state.pulse) * flashTickMs : 0;
  const endsAtMs = durationMs > 0 ? atMs + durationMs : state.endsAtMs;
  return {
    state: {
      ...state,
      endsAtMs,
      exchange: { request, isSent: true, held },
      dueMs: atMs + replyMs,
    },
    effects: [{ type: 'send', bytes: request.bytes }],
  };
}

function takeBytes(state: ModbusRelayState, bytes: Uint8Array, atMs: number): Stepped {
  const { exchange } = state;
  // Nobody was asked: late, noise, or another master. Its silence is waited for, but a question that is already
  // due is not put off again, or a babbling line could keep the lock from being switched off.
  if (exchange === undefined) return { state: { ...state, quietUntilMs: atMs + gapMs }, effects: [] };
  if (!exchange.isSent) return { state, effects: [] };
  const received = receiveModbus(exchange.request, exchange.held, { bytes });
  return takeReplies(withHeld(state, received.held), received.events, atMs);
}

function takeReplies(state: ModbusRelayState, replies: readonly ModbusReply[], atMs: number): Stepped {
  const effects: RelayEffect[] = [];
  for (const reply of replies) {
    if (reply.type === 'damaged') effects.push({ type: 'damaged' });
    else if (reply.type !== 'noise') {
      const sign = reply.type === 'bits' ? (reply.bits[0] === true ? 'on' : 'off') : reply.type;
      const answered = answer(endExchange(state, atMs), sign, atMs);
      // What follows the answer in the same piece is nobody's.
      return { state: answered.state, effects: [...effects, ...answered.effects] };
    }
  }
  return { state, effects };
}

function answer(
  state: ModbusRelayState,
  sign: 'on' | 'off' | 'written' | 'exception',
  atMs: number,
): Stepped {
  const isNew = !state.isOnline;
  const answered = cells[state.phase][sign]({ ...state, isOnline: true }, atMs);
  return isNew ? { state: answered.state, effects: [{ type: 'online' }, ...answered.effects] } : answered;
}

const stay: Cell = (state) => ({ state, effects: [] });

const close: Cell = (state) => ({
  state: createModbusRelay(state.config),
  effects: [...abandoned(state, 'offline'), ...(state.isOnline ? [{ type: 'offline' } as const] : [])],
});

const open: Cell = (state, atMs) =>
  then(close(state, atMs), (closed) => begin({ ...closed, isSecureWanted: true }, 'probing', atMs));

/** Goes to the next thing to do: locking first, then a waiting pulse, then rest. */
const goOn: Cell = (state, atMs) => {
  if (state.isSecureWanted) return begin({ ...state, tries: 0 }, 'securing', atMs);
  if (state.pulse !== undefined) {
    const { endsAtMs = 0 } = state;
    // A pulse that ends before the running one needs no sending, only the proof that the relay is on.
    const isCovered = state.relay === 'released' && endsAtMs >= atMs + ticksOf(state.pulse) * flashTickMs;
    return begin({ ...state, tries: 0 }, isCovered ? 'proving-flash' : 'flashing', atMs);
  }
  const checkMs =
    state.endsAtMs === undefined ? checkEveryMs : Math.min(checkEveryMs, state.endsAtMs + endMarginMs - atMs);
  return {
    state: { ...state, phase: 'idle', tries: 0, dueMs: atMs + Math.max(checkMs, gapMs) },
    effects: [],
  };
};

const want: Cell = (state) => ({ state: { ...state, isSecureWanted: true }, effects: [] });

/** Locking overtakes a pulse: it is answered at once, and what came of it is ended by the switching off. */
const wantOverPulse: Cell = (state, atMs) => {
  const next = { ...withoutPulse(state), isSecureWanted: true };
  return then({ state: next, effects: abandoned(state, 'rejected') }, (now) =>
    now.exchange?.isSent === true ? { state: now, effects: [] } : goOn(withoutExchange(now), atMs),
  );
};

const seen =
  (relay: 'released' | 'secured', next: Cell): Cell =>
  (state, atMs) =>
    then(
      { state: { ...state, relay }, effects: state.relay === relay ? [] : [{ type: 'relay', state: relay }] },
      (now) => next(now, atMs),
    );

/** A read found the relay on while nothing is being done with it. */
const checkedOn: Cell = (state, atMs) => {
  const mayBeOn = state.endsAtMs !== undefined && atMs < state.endsAtMs + endMarginMs;
  if (mayBeOn || state.isSecureWanted) return goOn(state, atMs);
  return then({ state, effects: [{ type: 'fault', code: 'released-unasked' }] }, (next) =>
    goOn({ ...next, isSecureWanted: true }, atMs),
  );
};

const checkedOff: Cell = (state, atMs) => goOn({ ...state, endsAtMs: undefined }, atMs);

const secured: Cell = (state, atMs) =>
  then(
    {
      state: { ...state, endsAtMs: undefined, relay: 'secured', isSecureWanted: false },
      effects: [{ type: 'relay', state: 'secured' }],
    },
    (next) => goOn(next, atMs),
  );

const stillOn: Cell = (state, atMs) => {
  const tries = state.tries + 1;
  if (tries < maxTries) return begin({ ...state, tries }, 'securing', atMs);
  return then(
    { state: { ...state, isSecureWanted: false }, effects: [{ type: 'fault', code: 'not-secured' }] },
    (next) =>
      // The next check finds it on and starts again, so the fault is told every so often and never given up.
      goOn({ ...next, endsAtMs: undefined }, atMs),
  );
};

const flashed: Cell = (state, atMs) =>
  then({ state: withoutPulse(state), effects: answerOf(state, { kind: 'acknowledged' }) }, (next) =>
    goOn(next, atMs),
  );

const notFlashed: Cell = (state, atMs) => {
  const { pulse, endsAtMs = 0 } = state;
  // A pulse that may have run and ended is not sent again: one grant, one opening.
  const isOver =
    pulse === undefined || atMs >= Math.min(pulse.notAfterMs, endsAtMs) || state.tries + 1 >= maxTries;
  if (!isOver) return begin({ ...state, tries: state.tries + 1 }, 'flashing', atMs);
  return then({ state: withoutPulse(state), effects: answerOf(state, { kind: 'unconfirmed' }) }, (next) =>
    goOn(next, atMs),
  );
};

const refused: Cell = (state, atMs) =>
  then(
    { state: withoutPulse(state), effects: answerOf(state, { kind: 'refused', reason: 'rejected' }) },
    (next) => goOn(next, atMs),
  );

/** The board did not answer: asked again, and after too often gone; what it was doing is then unknown. */
const again: Cell = (state, atMs) => {
  const tries = state.tries + 1;
  if (tries < maxTries) return begin({ ...state, tries }, phaseOfQuestion(state.phase), atMs);
  const offline = {
    ...withoutPulse(state),
    isOnline: false,
    isSecureWanted: true,
    tries: 0,
    relay: 'unknown' as const,
  };
  const effects: RelayEffect[] = [...abandoned(state, 'offline')];
  if (state.isOnline) effects.push({ type: 'offline' });
  return then({ state: { ...offline, quietUntilMs: atMs + retryMs }, effects }, (next) =>
    begin(next, 'probing', atMs),
  );
};

/** The proof of a pulse, unless locking was asked for meanwhile. */
const proveFlash: Cell = (state, atMs) =>
  state.isSecureWanted ? goOn(state, atMs) : begin(state, 'proving-flash', atMs);

const to =
  (phase: 'checking' | 'proving-secured'): Cell =>
  (state, atMs) =>
    begin(state, phase, atMs);

/** Every state and input; while a question is out, only its answer, its loss and the closing of the port count at once. */
const cells: Readonly<Record<Phase, Readonly<Record<Sign, Cell>>>> = {
  closed: {
    opened: open,
    closed: stay,
    pulse: stay,
    secure: stay,
    due: stay,
    on: stay,
    off: stay,
    written: stay,
    exception: stay,
    lost: stay,
  },
  idle: {
    opened: open,
    closed: close,
    pulse: goOn,
    secure: (state, atMs) => goOn({ ...state, isSecureWanted: true }, atMs),
    due: to('checking'),
    on: stay,
    off: stay,
    written: stay,
    exception: stay,
    lost: stay,
  },
  probing: {
    opened: open,
    closed: close,
    pulse: stay,
    secure: want,
    due: stay,
    on: seen('released', goOn),
    off: seen('secured', goOn),
    written: again,
    exception: again,
    lost: again,
  },
  securing: {
    opened: open,
    closed: close,
    pulse: stay,
    secure: want,
    due: stay,
    on: stay,
    off: stay,
    written: to('proving-secured'),
    exception: to('proving-secured'),
    lost: to('proving-secured'),
  },
  'proving-secured': {
    opened: open,
    closed: close,
    pulse: stay,
    secure: want,
    due: stay,
    on: seen('released', stillOn),
    off: secured,
    written: again,
    exception: again,
    lost: again,
  },
  flashing: {
    opened: open,
    closed: close,
    pulse: stay,
    secure: wantOverPulse,
    due: stay,
    on: stay,
    off: stay,
    written: proveFlash,
    exception: refused,
    lost: proveFlash,
  },
  'proving-flash': {
    opened: open,
    closed: close,
    pulse: stay,
    secure: wantOverPulse,
    due: stay,
    on: seen('released', flashed),
    off: seen('secured', notFlashed),
    written: again,
    exception: again,
    lost: again,
  },
  checking: {
    opened: open,
    closed: close,
    pulse: stay,
    secure: want,
    due: stay,
    on: seen('released', checkedOn),
    off: seen('secured', checkedOff),
    written: again,
    exception: again,
    lost: again,
  },
};

const then = ({ state, effects }: Stepped, next: (state: ModbusRelayState) => Stepped): Stepped => {
  const stepped = next(state);
  return { state: stepped.state, effects: [...effects, ...stepped.effects] };
};

const ticksOf = (pulse: RelayPulse | undefined): number =>
  pulse === undefined ? 1 : Math.ceil(pulse.durationMs / flashTickMs);

const refuse = (
  { id }: RelayPulse,
  reason: 'expired' | 'offline' | 'rejected' | 'invalid-duration',
): RelayEffect => ({
  type: 'pulse-answered',
  id,
  answer: { kind: 'refused', reason },
});

const answerOf = ({ pulse }: ModbusRelayState, answer: PulseAnswer): readonly RelayEffect[] =>
  pulse === undefined ? [] : [{ type: 'pulse-answered', id: pulse.id, answer }];

/** A pulse that was on the line may have been done. */
function abandoned(state: ModbusRelayState, reason: 'offline' | 'rejected'): readonly RelayEffect[] {
  const wasSent =
    state.phase === 'proving-flash' ||
    (state.phase === 'flashing' && (state.exchange?.isSent === true || state.tries > 0));
  return answerOf(state, wasSent ? { kind: 'unconfirmed' } : { kind: 'refused', reason });
}

const phaseOfQuestion = (phase: Phase): Exclude<Phase, 'closed' | 'idle'> =>
  phase === 'closed' || phase === 'idle' ? 'checking' : phase;

const withoutPulse = (state: ModbusRelayState): ModbusRelayState => ({ ...state, pulse: undefined });

const withoutExchange = (state: ModbusRelayState): ModbusRelayState => ({
  ...state,
  exchange: undefined,
  dueMs: undefined,
});

/** The line is ours again after a silence; whether the adapter echoes is known from the last read. */
function endExchange(state: ModbusRelayState, atMs: number): ModbusRelayState {
  const { exchange } = state;
  const isEchoing =
    exchange !== undefined && exchange.request.bits > 0 ? exchange.held.echoLeft === 0 : state.isEchoing;
  return { ...withoutExchange(state), isEchoing, quietUntilMs: atMs + gapMs };
}

const withHeld = (state: ModbusRelayState, held: ModbusHeld): ModbusRelayState =>
  state.exchange === undefined ? state : { ...state, exchange: { ...state.exchange, held } };
