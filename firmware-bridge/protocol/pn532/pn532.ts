import { cardOfBytes, encodeCard, isBlank } from '../card/card.ts';
import type { PolledCardReader, PolledEffect, PolledInput } from '../card/card-reader.ts';
import { malformed, parsed, type Parsed } from '../result.ts';
import { joinBytes, scanStart, type ScanHeld } from '../resync/scan-frames.ts';
import { encodePn532Command, pn532Abort, pn532WakeUp, receivePn532, type Pn532Event } from './pn532-frame.ts';

/** `configure` and `limit` come once, then `poll`; `darken` follows a card. */
type Task = 'configure' | 'limit' | 'poll' | 'darken';

interface TaskRule {
  readonly code: number;
  readonly data: readonly number[];
  /** The next task when the answer told no card. */
  readonly next: Task;
  readonly restMs: number;
}

const pollRestMs = 100;

const tasks: Readonly<Record<Task, TaskRule>> = {
  // SAMConfiguration, normal mode: the chip ignores cards before it.
  configure: { code: 0x14, data: [0x01], next: 'limit', restMs: 0 },
  // RFConfiguration, MaxRetries: one activation try, so that an empty field is answered instead of waited on.
  limit: { code: 0x32, data: [0x05, 0xff, 0x01, 0x01], next: 'poll', restMs: 0 },
  // InListPassiveTarget, one target, 106 kbit/s type A.
  poll: { code: 0x4a, data: [0x01, 0x00], next: 'poll', restMs: pollRestMs },
  // RFConfiguration, field off: a selected card answers no further poll until it has lost its power.
  darken: { code: 0x32, data: [0x01, 0x00], next: 'poll', restMs: pollRestMs },
};

/** UM0701-02 asks for an ACK within 15 ms; a USB adapter adds up to 16 ms each way. */
const ackMs = 100;
const answerMs = 1_000;
const retryMs = 1_000;
/** So many failures in a row, and the chip counts as gone and is started anew. */
const maxFailures = 3;

type Phase = 'closed' | 'resting' | 'acking' | 'answering';

/** `resting` sends the task at `dueMs`; `acking` and `answering` wait for the chip until then. */
export interface Pn532State {
  readonly phase: Phase;
  readonly task: Task;
  readonly dueMs?: number;
  readonly held: ScanHeld;
  readonly failures: number;
  readonly isOnline: boolean;
}

/**
 * PN532 on its high speed UART, asked for a card every 100 ms or so: awake, configured, polled, and started anew
 * when it has been silent.
 * @see RULES.md RD17-RD21
 */
export const pn532: PolledCardReader<Pn532State> = {
  start: { phase: 'closed', task: 'configure', held: scanStart, failures: 0, isOnline: false },
  step,
  dueMs: ({ dueMs }) => dueMs,
  baud: 115_200,
};

/**
 * Reads the data of an answer to InListPassiveTarget; `undefined` is an empty field. UIDs have 4, 7 or 10 bytes in
 * the order on the air.
 */
export function parsePn532Targets(data: Uint8Array): Parsed<string | undefined, 'malformed'> {
  const [count, , , , , uidLength = 0] = data;
  if (count === 0) return data.length === 1 ? parsed(undefined) : malformed('malformed');
  const uid = data.subarray(6, 6 + uidLength);
  if (count !== 1 || uid.length !== uidLength || isBlank(uid)) return malformed('malformed');
  const card = cardOfBytes('mf', uid);
  return card.ok ? parsed(encodeCard(card.value)) : malformed('malformed');
}

interface Stepped {
  readonly state: Pn532State;
  readonly effects: readonly PolledEffect[];
}

type Sign = 'opened' | 'closed' | 'due' | 'ack' | 'nack' | 'error' | 'answer';
type Cell = (state: Pn532State, atMs: number, data: Uint8Array) => Stepped;

const stay: Cell = (state) => ({ state, effects: [] });

const open: Cell = (state, atMs, data) => {
  const closed = close(state, atMs, data);
  const sent = send({ ...pn532.start, phase: 'resting' }, atMs, data);
  return { state: sent.state, effects: [...closed.effects, ...sent.effects] };
};

const close: Cell = ({ isOnline }) => ({
  state: pn532.start,
  effects: isOnline ? [{ type: 'offline' }] : [],
});

const send: Cell = (state, atMs) => {
  const { code, data } = tasks[state.task];
  const command = encodePn532Command(code, data);
  // After a failure the chip may still be busy with the last command, and asleep after a power cut.
  const lead = state.task === 'configure' ? pn532WakeUp : state.failures > 0 ? pn532Abort : undefined;
  return {
    state: { ...state, phase: 'acking', dueMs: atMs + ackMs, held: scanStart },
    effects: [{ type: 'send', bytes: lead === undefined ? command : joinBytes(lead, command) }],
  };
};

const expectAnswer: Cell = (state, atMs) => ({
  state: { ...state, phase: 'answering', dueMs: atMs + answerMs },
  effects: [],
});

const fail: Cell = (state, atMs, data) => {
  const failures = state.failures + 1;
  // The chip may have found a card whose answer was lost: it would not find it again before its field was off.
  const task = state.task === 'poll' ? 'darken' : state.task;
  if (failures < maxFailures) return send({ ...state, task, failures }, atMs, data);
  return {
    state: { ...pn532.start, phase: 'resting', dueMs: atMs + retryMs },
    effects: state.isOnline ? [{ type: 'offline' }] : [],
  };
};

const succeed: Cell = (state, atMs, data) => {
  const { next, restMs } = tasks[state.task];
  const rest = (task: Task, afterMs: number, effects: readonly PolledEffect[]): Stepped => ({
    state: {
      ...state,
      phase: 'resting',
      task,
      dueMs: atMs + afterMs,
      // A chip that answers everything but polls reads no cards, and must not count as there.
      failures: state.task === 'darken' ? state.failures : 0,
      isOnline: state.isOnline || task === 'poll',
    },
    effects: !state.isOnline && task === 'poll' ? [{ type: 'online' }, ...effects] : effects,
  });
  if (state.task !== 'poll') return rest(next, restMs, []);
  const card = parsePn532Targets(data);
  if (!card.ok) return rest('darken', 0, [{ type: 'damaged' }]);
  return card.value === undefined
    ? rest(next, restMs, [])
    : rest('darken', 0, [{ type: 'card', card: card.value }]);
};

/** An answer whose ACK was lost is an answer all the same; what comes in any other phase is late and not believed. */
const cells: Readonly<Record<Phase, Readonly<Record<Sign, Cell>>>> = {
  closed: { opened: open, closed: stay, due: stay, ack: stay, nack: stay, error: stay, answer: stay },
  resting: { opened: open, closed: close, due: send, ack: stay, nack: stay, error: stay, answer: stay },
  acking: {
    opened: open,
    closed: close,
    due: fail,
    ack: expectAnswer,
    nack: fail,
    error: fail,
    answer: succeed,
  },
  answering: { opened: open, closed: close, due: fail, ack: stay, nack: fail, error: fail, answer: succeed },
};

function step(state: Pn532State, input: PolledInput): Stepped {
  const nothing = new Uint8Array();
  switch (input.type) {
    case 'opened':
    case 'closed':
      return cells[state.phase][input.type](state, input.atMs, nothing);
    case 'time':
      if (state.dueMs === undefined || input.atMs < state.dueMs) return { state, effects: [] };
      return cells[state.phase].due(state, input.atMs, nothing);
    case 'bytes':
      return state.phase === 'closed' ? { state, effects: [] } : take(state, input.bytes, input.atMs);
  }
}

function take(state: Pn532State, bytes: Uint8Array, atMs: number): Stepped {
  const received = receivePn532(state.held, { bytes });
  let next: Pn532State = { ...state, held: received.held };
  const effects: PolledEffect[] = [];
  for (const event of received.events) {
    const stepped = takeEvent(next, event, atMs);
    next = stepped.state;
    effects.push(...stepped.effects);
  }
  return { state: next, effects };
}

function takeEvent(state: Pn532State, event: Pn532Event, atMs: number): Stepped {
  if (event.type === 'damaged' || event.type === 'noise') return { state, effects: [event] };
  if (event.type !== 'answer') return cells[state.phase][event.type](state, atMs, new Uint8Array());
  // The answer to another command is a late one.
  if (event.code !== tasks[state.task].code + 1) return { state, effects: [] };
  return cells[state.phase].answer(state, atMs, event.data);
}
