import type { PulseAnswer, RelayEffect, RelayInput, RelayPulse } from '../modbus/modbus-relay.ts';
import { encodeLcusRelay, lcusQuery, lcusStart, receiveLcus, type LcusHeld } from './lcus.ts';

/** `settling` leaves the board its time between a switching and a question; `asking` waits for the answer's end. */
type Phase = 'closed' | 'idle' | 'settling' | 'asking';

/** What the question is to prove. */
type Goal = 'secured' | 'released' | 'check';

export interface LcusRelayState {
  /** Counted from 1. */
  readonly channel: number;
  readonly phase: Phase;
  readonly goal: Goal;
  /** When `time` is wanted. */
  readonly dueMs: number | undefined;
  readonly held: LcusHeld;
  /** When an answer that does not end is given up. */
  readonly answerUntilMs: number;
  /** How many channels the board's answers tell; 0 for a board that does not answer; undefined until it is known. */
  readonly channels: number | undefined;
  readonly isOnline: boolean;
  /** Questions in a row without a whole answer. */
  readonly unanswered: number;
  /** Switchings in a row that the answer did not bear out. */
  readonly fruitless: number;
  /** Waiting, or switched and to be proved. */
  readonly pulse: RelayPulse | undefined;
  readonly isPulseSent: boolean;
  /** Until when a pulse keeps the relay on. */
  readonly endsAtMs: number | undefined;
  readonly relay: 'unknown' | 'released' | 'secured';
}

const settleMs = 50;
/** Boards answer within some 20 ms; a USB adapter adds up to 16. */
const replyMs = 250;
/** Silence that ends an answer. */
const silenceMs = 50;
const longestAnswerMs = 1_000;
const checkEveryMs = 2_000;
const retryMs = 1_000;
const maxTries = 3;
const minPulseMs = 100;
const maxPulseMs = 10_000;
const maxChannels = 8;

/**
 * The relay before its port is open.
 * @throws RangeError when the board could have no such channel.
 * @see RULES.md RL20-RL26
 */
export function createLcusRelay(channel: number): LcusRelayState {
  encodeLcusRelay(channel, false);
  return {
    channel,
    phase: 'closed',
    goal: 'secured',
    dueMs: undefined,
    held: lcusStart,
    answerUntilMs: 0,
    channels: undefined,
    isOnline: false,
    unanswered: 0,
    fruitless: 0,
    pulse: undefined,
    isPulseSent: false,
    endsAtMs: undefined,
    relay: 'unknown',
  };
}

interface Stepped {
  readonly state: LcusRelayState;
  readonly effects: readonly RelayEffect[];
}

type Sign = 'opened' | 'closed' | 'pulse' | 'secure' | 'due';
type Cell = (state: LcusRelayState, atMs: number) => Stepped;

/**
 * Runs one relay that has no timer: it is switched on and, when the longest pulse ends, off. The board is found out
 * by asking it after opening: one that answers is believed only by its answers, one that does not is never confirmed.
 */
export function stepLcusRelay(state: LcusRelayState, input: RelayInput): Stepped {
  const { atMs } = input;
  switch (input.type) {
    case 'opened':
    case 'closed':
    case 'secure':
      return cells[state.phase][input.type](state, atMs);
    case 'pulse':
      return askPulse(state, input.pulse, atMs);
    case 'time':
      return state.dueMs === undefined || atMs < state.dueMs
        ? { state, effects: [] }
        : cells[state.phase].due(state, atMs);
    case 'bytes':
      return { state: takeBytes(state, input.bytes, atMs), effects: [] };
  }
}

/** Whether the board's answers can confirm anything. */
export const canLcusTell = ({ isOnline, channels = 0 }: LcusRelayState): boolean => isOnline && channels > 0;

function askPulse(state: LcusRelayState, pulse: RelayPulse, atMs: number): Stepped {
  const { id, durationMs, notAfterMs } = pulse;
  const refuse = (reason: 'expired' | 'offline' | 'rejected' | 'invalid-duration'): Stepped => ({
    state,
    effects: [{ type: 'pulse-answered', id, answer: { kind: 'refused', reason } }],
  });
  const isDuration = Number.isInteger(durationMs) && durationMs >= minPulseMs && durationMs <= maxPulseMs;
  if (!isDuration) return refuse('invalid-duration');
  if (!state.isOnline) return refuse('offline');
  if (atMs >= notAfterMs) return refuse('expired');
  const isSecuring = state.phase !== 'idle' && state.goal === 'secured';
  if (state.pulse !== undefined || isSecuring) return refuse('rejected');
  return cells[state.phase].pulse({ ...state, pulse, isPulseSent: false }, atMs);
}

/** Bytes at any other time are the rest of an answer that was given up, or noise. */
function takeBytes(state: LcusRelayState, bytes: Uint8Array, atMs: number): LcusRelayState {
  if (state.phase !== 'asking') return state;
  const { held } = receiveLcus(maxChannels, state.held, { bytes });
  return { ...state, held, dueMs: Math.min(atMs + silenceMs, state.answerUntilMs) };
}

const stay: Cell = (state) => ({ state, effects: [] });

const close: Cell = (state) => ({
  state: createLcusRelay(state.channel),
  effects: [...abandoned(state, 'offline'), ...(state.isOnline ? [{ type: 'offline' } as const] : [])],
});

const open: Cell = (state, atMs) => then(close(state, atMs), (closed) => switchOff(closed, atMs));

const switchOff: Cell = (state, atMs) => {
  const effects: RelayEffect[] = [{ type: 'send', bytes: encodeLcusRelay(state.channel, false) }];
  const off = { ...state, endsAtMs: undefined };
  return state.channels === 0
    ? then({ state: off, effects }, (next) => rest(next, atMs))
    : { state: settle(off, 'secured', atMs), effects };
};

/** Locking overtakes everything; a question under way is given up, its answer would be of before. */
const secureNow: Cell = (state, atMs) =>
  then({ state: withoutPulse(state), effects: abandoned(state, 'rejected') }, (next) =>
    switchOff({ ...next, unanswered: 0, fruitless: 0 }, atMs),
  );

/** The relay is being switched off already, and nothing can have switched it on since. */
const secureLater: Cell = (state, atMs) =>
  state.goal === 'secured' ? { state, effects: [] } : secureNow(state, atMs);

const switchOn: Cell = (state, atMs) => {
  const { pulse } = state;
  if (pulse === undefined) return rest(state, atMs);
  if (atMs >= pulse.notAfterMs) {
    const late: PulseAnswer = state.isPulseSent
      ? { kind: 'unconfirmed' }
      : { kind: 'refused', reason: 'expired' };
    return then({ state: withoutPulse(state), effects: answerOf(state, late) }, (next) => rest(next, atMs));
  }
  const on: LcusRelayState = {
    ...state,
    isPulseSent: true,
    endsAtMs: Math.max(state.endsAtMs ?? 0, atMs + pulse.durationMs),
  };
  const send: RelayEffect = { type: 'send', bytes: encodeLcusRelay(state.channel, true) };
  if (state.channels !== 0) return { state: settle(on, 'released', atMs), effects: [send] };
  return then(
    { state: withoutPulse(on), effects: [send, ...answerOf(on, { kind: 'unconfirmed' })] },
    (next) => rest(next, atMs),
  );
};

/** Goes to the next thing to do: a pulse that is over, then one that waits, then rest. */
const rest: Cell = (state, atMs) => {
  const { endsAtMs, pulse, channels } = state;
  if (endsAtMs !== undefined && atMs >= endsAtMs && pulse === undefined) return switchOff(state, atMs);
  if (pulse !== undefined) return switchOn(state, atMs);
  const checkMs = channels === 0 ? undefined : atMs + checkEveryMs;
  const dueMs =
    checkMs === undefined || endsAtMs === undefined ? (checkMs ?? endsAtMs) : Math.min(checkMs, endsAtMs);
  return { state: { ...state, phase: 'idle', dueMs }, effects: [] };
};

const wakeUp: Cell = (state, atMs) =>
  state.endsAtMs !== undefined && atMs >= state.endsAtMs
    ? switchOff(state, atMs)
    : ask({ ...state, goal: 'check' }, atMs);

const ask: Cell = (state, atMs) => ({
  state: {
    ...state,
    phase: 'asking',
    held: lcusStart,
    dueMs: atMs + replyMs,
    answerUntilMs: atMs + longestAnswerMs,
  },
  effects: [{ type: 'send', bytes: lcusQuery }],
});

/** The answer is over, or did not come. */
const conclude: Cell = (state, atMs) => {
  const isOn = relaysOf(state.held);
  const isWhole =
    isOn !== undefined &&
    isOn.length >= state.channel &&
    (state.channels === undefined || state.channels === isOn.length);
  if (!isWhole) return missAnswer(state, atMs);
  const isReleased = isOn[state.channel - 1] === true;
  const relay = isReleased ? 'released' : 'secured';
  const known: LcusRelayState = { ...state, channels: isOn.length, isOnline: true, unanswered: 0, relay };
  const effects: RelayEffect[] = state.isOnline ? [] : [{ type: 'online' }];
  const isTold = state.relay !== relay || (state.goal === 'secured' && !isReleased);
  if (isTold) effects.push({ type: 'relay', state: relay });
  return then({ state: known, effects }, (next) => outcomes[state.goal][relay](next, atMs));
};

function missAnswer(state: LcusRelayState, atMs: number): Stepped {
  const isSilent = state.held.answer.length === 0 && !state.held.isForeign;
  const unanswered = state.unanswered + 1;
  const effects: RelayEffect[] = isSilent ? [] : [{ type: 'damaged' }];
  if (unanswered < maxTries) {
    // What was not heard of the answer was perhaps not heard of the switching either.
    const again = state.goal === 'secured' ? switchOff : askLater;
    return then({ state: { ...state, unanswered }, effects }, (next) => again(next, atMs));
  }
  if (state.channels === undefined && isSilent) {
    const mute = { ...state, channels: 0, isOnline: true, unanswered: 0 };
    return then({ state: mute, effects: [{ type: 'online' }] }, (next) => rest(next, atMs));
  }
  effects.push(...abandoned(state, 'offline'));
  if (state.isOnline) effects.push({ type: 'offline' });
  const gone: LcusRelayState = {
    ...withoutPulse(state),
    isOnline: false,
    unanswered: 0,
    relay: 'unknown',
    endsAtMs: undefined,
    phase: 'idle',
    dueMs: atMs + retryMs,
  };
  return { state: gone, effects };
}

const tryAgain =
  (again: Cell, giveUp: Cell): Cell =>
  (state, atMs) => {
    const fruitless = state.fruitless + 1;
    return fruitless < maxTries
      ? again({ ...state, fruitless }, atMs)
      : giveUp({ ...state, fruitless: 0 }, atMs);
  };

/** What an answer means for what it was asked for. */
const outcomes: Readonly<Record<Goal, Readonly<Record<'released' | 'secured', Cell>>>> = {
  secured: {
    secured: (state, atMs) => rest({ ...state, fruitless: 0 }, atMs),
    released: tryAgain(switchOff, (state, atMs) =>
      // The next check finds it on and begins again, so the fault is told every so often and never given up.
      then({ state, effects: [{ type: 'fault', code: 'not-secured' }] }, (next) => rest(next, atMs)),
    ),
  },
  released: {
    released: (state, atMs) =>
      then(
        {
          state: { ...withoutPulse(state), fruitless: 0 },
          effects: answerOf(state, { kind: 'acknowledged' }),
        },
        (next) => rest(next, atMs),
      ),
    secured: tryAgain(switchOn, (state, atMs) =>
      then({ state: withoutPulse(state), effects: answerOf(state, { kind: 'unconfirmed' }) }, (next) =>
        rest(next, atMs),
      ),
    ),
  },
  check: {
    secured: (state, atMs) => rest({ ...state, endsAtMs: undefined }, atMs),
    released: (state, atMs) =>
      state.endsAtMs !== undefined
        ? rest(state, atMs)
        : then({ state, effects: [{ type: 'fault', code: 'released-unasked' }] }, (next) =>
            secureNow(next, atMs),
          ),
  },
};

/** Off and asked: a board that comes back may have been left on. */
const comeBack: Cell = (state, atMs) => (state.isOnline ? wakeUp(state, atMs) : switchOff(state, atMs));

const cells: Readonly<Record<Phase, Readonly<Record<Sign, Cell>>>> = {
  closed: { opened: open, closed: stay, pulse: stay, secure: stay, due: stay },
  idle: { opened: open, closed: close, pulse: switchOn, secure: secureNow, due: comeBack },
  settling: { opened: open, closed: close, pulse: stay, secure: secureLater, due: ask },
  asking: { opened: open, closed: close, pulse: stay, secure: secureLater, due: conclude },
};

const settle = (state: LcusRelayState, goal: Goal, atMs: number): LcusRelayState => ({
  ...state,
  phase: 'settling',
  goal,
  dueMs: atMs + settleMs,
});

const askLater = (state: LcusRelayState, atMs: number): Stepped => ({
  state: settle(state, state.goal, atMs),
  effects: [],
});

/** The answer says by itself how many channels it tells. */
function relaysOf(held: LcusHeld): readonly boolean[] | undefined {
  for (let channels = 1; channels <= maxChannels; channels += 1) {
    const [event] = receiveLcus(channels, held, { idle: true }).events;
    if (event?.type === 'relays') return event.isOn;
  }
  return undefined;
}

const then = ({ state, effects }: Stepped, next: (state: LcusRelayState) => Stepped): Stepped => {
  const stepped = next(state);
  return { state: stepped.state, effects: [...effects, ...stepped.effects] };
};

const withoutPulse = (state: LcusRelayState): LcusRelayState => ({
  ...state,
  pulse: undefined,
  isPulseSent: false,
});

const answerOf = ({ pulse }: LcusRelayState, answer: PulseAnswer): readonly RelayEffect[] =>
  pulse === undefined ? [] : [{ type: 'pulse-answered', id: pulse.id, answer }];

/** A pulse that was switched may have been done. */
const abandoned = (state: LcusRelayState, reason: 'offline' | 'rejected'): readonly RelayEffect[] =>
  answerOf(state, state.isPulseSent ? { kind: 'unconfirmed' } : { kind: 'refused', reason });
