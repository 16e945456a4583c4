import { cardOfBytes, encodeCard, isBlank } from '../card/card.ts';
import type { PolledCardReader, PolledEffect, PolledInput } from '../card/card-reader.ts';
import { scanFrames, scanStart, xorOf, type Front, type ScanHeld } from '../resync/scan-frames.ts';

const answerHead = [0xcd, 0xdc] as const;
const requestHead = [0xab, 0xba] as const;
const address = 0x00;
const succeeded = 0x81;
const failed = 0x80;
/** Head, address, status, length and check. */
const frameOverhead = 6;
/** The longest answer that we ask for is a UID of 10 bytes. */
const maxData = 16;

/** What can be asked for, and how long the answers may be. */
const questions = {
  uid: { command: 0x10, media: 'mf', next: 'em' },
  em: { command: 0x15, media: 'em', next: 'uid' },
} as const;
type Question = keyof typeof questions;

const restMs = 60;
const answerMs = 300;
/** So many questions in a row without any answer, and the reader counts as gone. */
const maxSilent = 3;

/** `asking` waits for an answer until `dueMs`, `resting` asks again at `dueMs`. */
export interface Gwiot7941wState {
  readonly phase: 'closed' | 'resting' | 'asking';
  readonly question: Question;
  readonly dueMs?: number;
  readonly held: ScanHeld;
  readonly silent: number;
  readonly isOnline: boolean;
}

/**
 * Gwiot 7941W: answers when asked, 13.56 MHz and 125 kHz in turn; an answer does not say which it is of, so there
 * is one question at a time and what comes at any other time is not believed.
 * @see RULES.md RD12-RD14
 */
export const gwiot7941w: PolledCardReader<Gwiot7941wState> = {
  start: { phase: 'closed', question: 'uid', held: scanStart, silent: 0, isOnline: false },
  step,
  dueMs: ({ dueMs }) => dueMs,
  baud: 115_200,
};

/** `AB BA`, address, command, length, data and the exclusive or of all from the address on. */
export function encodeGwiot7941wRequest(command: number, data: Uint8Array = new Uint8Array()): Uint8Array {
  const checked = [address, command, data.length, ...data];
  return Uint8Array.of(...requestHead, ...checked, xorOf(checked));
}

/** `CD DC`, address, status, length, data and check, as the module answers. */
export function encodeGwiot7941wAnswer(isSuccess: boolean, data: Uint8Array = new Uint8Array()): Uint8Array {
  const checked = [address, isSuccess ? succeeded : failed, data.length, ...data];
  return Uint8Array.of(...answerHead, ...checked, xorOf(checked));
}

type Stepped = { readonly state: Gwiot7941wState; readonly effects: readonly PolledEffect[] };

function step(state: Gwiot7941wState, input: PolledInput): Stepped {
  switch (input.type) {
    case 'opened':
      return ask({ ...gwiot7941w.start, phase: 'resting' }, input.atMs);
    case 'closed':
      return { state: gwiot7941w.start, effects: state.isOnline ? [{ type: 'offline' }] : [] };
    case 'bytes':
      return state.phase === 'closed' ? { state, effects: [] } : take(state, input.bytes, input.atMs);
    case 'time':
      if (state.dueMs === undefined || input.atMs < state.dueMs) return { state, effects: [] };
      return state.phase === 'resting' ? ask(state, input.atMs) : giveUp(state, input.atMs);
  }
}

function ask(state: Gwiot7941wState, atMs: number): Stepped {
  const request = encodeGwiot7941wRequest(questions[state.question].command);
  return {
    state: { ...state, phase: 'asking', dueMs: atMs + answerMs, held: scanStart },
    effects: [{ type: 'send', bytes: request }],
  };
}

function giveUp(state: Gwiot7941wState, atMs: number): Stepped {
  const silent = Math.min(state.silent + 1, maxSilent);
  const isGone = silent === maxSilent && state.isOnline;
  const { events } = scanFrames(state.held, { idle: true }, look);
  const damaged = events.filter((event) => event.type === 'damaged');
  const rested = rest({ ...state, silent, isOnline: state.isOnline && !isGone }, atMs);
  return { state: rested, effects: isGone ? [...damaged, { type: 'offline' }] : damaged };
}

const rest = (state: Gwiot7941wState, atMs: number): Gwiot7941wState => ({
  ...state,
  phase: 'resting',
  question: questions[state.question].next,
  dueMs: atMs + restMs,
});

function take(state: Gwiot7941wState, bytes: Uint8Array, atMs: number): Stepped {
  const scan = scanFrames(state.held, { bytes }, look);
  let next: Gwiot7941wState = { ...state, held: scan.held };
  const effects: PolledEffect[] = [];
  for (const event of scan.events) {
    if (event.type !== 'frame') effects.push(event);
    else if (next.phase === 'asking') {
      if (!next.isOnline) effects.push({ type: 'online' });
      effects.push(...cardOf(next.question, event.bytes));
      next = rest({ ...next, silent: 0, isOnline: true }, atMs);
    }
  }
  return { state: next, effects };
}

function cardOf(question: Question, frame: Uint8Array): readonly PolledEffect[] {
  if (frame[3] === failed) return [];
  const data = frame.subarray(5, -1);
  const card = isBlank(data) ? undefined : cardOfBytes(questions[question].media, data);
  return [card?.ok === true ? { type: 'card', card: encodeCard(card.value) } : { type: 'damaged' }];
}

function look(bytes: Uint8Array): Front {
  if (bytes[0] !== answerHead[0]) return 'noise';
  if (bytes.length > 1 && bytes[1] !== answerHead[1]) return 'broken';
  if (bytes.length > 3 && bytes[3] !== succeeded && bytes[3] !== failed) return 'broken';
  if (bytes.length < 5) return 'partial';
  const data = bytes[4] ?? 0;
  if (data > maxData) return 'broken';
  const length = data + frameOverhead;
  if (bytes.length < length) return 'partial';
  return xorOf(bytes.subarray(2, length)) === 0 ? { length } : 'broken';
}
