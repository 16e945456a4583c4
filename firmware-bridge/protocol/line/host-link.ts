import { encodeHostLine, noSession, parseControllerLine } from './line.ts';
import {
  lineVersion,
  type ControllerMessage,
  type HostMessage,
  type JournalMark,
  type LineKey,
  type LineSignal,
  type Refusal,
} from './message.ts';

/** Times of the host side, in ms. The controller locks and ends the session after `silenceMs` of its own. */
export const hostTimes = { queryMs: 1000, joinMs: 500, tickMs: 1000, retryMs: 250, silenceMs: 3000 } as const;

/** How often a command is sent before it is given up. */
const maxTries = 3;
/** Unanswered queries after which the controller counts as absent. */
const maxQueries = 3;
const maxQueued = 4;

export type LinkPhase = 'offline' | 'greeting' | 'joining' | 'securing' | 'online';

/** A command of the lock; `ref` is handed back when it is settled. */
export type Order =
  | {
      readonly kind: 'pulse';
      readonly ref: number;
      readonly output: number;
      readonly durationMs: number;
      readonly id: string;
      readonly mark: JournalMark | null;
      readonly notAfterMs: number;
    }
  | { readonly kind: 'secure'; readonly ref: number };

export type OrderOutcome =
  | { readonly kind: 'done'; readonly isReleased: boolean }
  | { readonly kind: 'refused'; readonly reason: Refusal | 'offline' | 'expired' | 'dropped' }
  /** Sent, and never answered. */
  | { readonly kind: 'unconfirmed' };

export type LostReason = 'port-closed' | 'no-answer' | 'silent' | 'restarted' | 'wrong-version';

interface Pending {
  readonly kind: 'tick' | 'signal' | 'pulse' | 'secure';
  /** Null for what nobody waits for. */
  readonly ref: number | null;
  readonly seq: number;
  readonly line: string;
  readonly sentAtMs: number;
  readonly tries: number;
  readonly notAfterMs: number;
}

export interface LinkState {
  readonly phase: LinkPhase;
  readonly nonce: string;
  readonly session: string;
  readonly sentSeq: number;
  readonly receivedSeq: number;
  /** When the last query, hello or tick went out. */
  readonly askedAtMs: number;
  readonly queries: number;
  readonly heardAtMs: number;
  /** At most one command is under way, so that a retry never carries a number lower than one already seen. */
  readonly pending: Pending | null;
  readonly queue: readonly Order[];
  readonly signal: LineSignal | null;
  readonly maxPulseMs: number;
  readonly mark: JournalMark | null;
  readonly inputCount: number;
  /** Bit n: the level of input n has been told in this session. */
  readonly knownInputs: number;
  readonly inputs: number;
  readonly isReleased: boolean | null;
  /** The controller's own count of door openings; null until it told one, for ever if it has none. */
  readonly openings: number | null;
  /** Kept over reconnects, so that a tamper that ended meanwhile is told as ended. */
  readonly isTampered: boolean;
}

export const linkStart: LinkState = {
  phase: 'offline',
  nonce: '',
  session: noSession,
  sentSeq: 0,
  receivedSeq: 0,
  askedAtMs: 0,
  queries: 0,
  heardAtMs: 0,
  pending: null,
  queue: [],
  signal: null,
  maxPulseMs: 0,
  mark: null,
  inputCount: 0,
  knownInputs: 0,
  inputs: 0,
  isReleased: null,
  openings: null,
  isTampered: false,
};

type MessageInput = {
  readonly [T in ControllerMessage['type']]: {
    readonly type: T;
    readonly nowMs: number;
    readonly message: Extract<ControllerMessage, { type: T }>;
  };
}[ControllerMessage['type']];

export type LinkInput =
  /** The port is open; `nonce` is 4 fresh random hex digits. */
  | { readonly type: 'opened'; readonly nowMs: number; readonly nonce: string }
  | { readonly type: 'closed'; readonly nowMs: number }
  | { readonly type: 'elapsed'; readonly nowMs: number }
  | { readonly type: 'ordered'; readonly nowMs: number; readonly order: Order }
  | { readonly type: 'signalled'; readonly nowMs: number; readonly signal: LineSignal }
  | MessageInput;

export type LinkEffect =
  | { readonly type: 'send'; readonly line: string }
  | { readonly type: 'online'; readonly maxPulseMs: number; readonly mark: JournalMark | null }
  | { readonly type: 'lost'; readonly reason: LostReason }
  | { readonly type: 'settled'; readonly ref: number; readonly outcome: OrderOutcome }
  | { readonly type: 'anomaly'; readonly code: 'bad-crc' | 'overlong' | 'noise' | 'sequence-gap' }
  | { readonly type: 'card'; readonly reader: number; readonly bitCount: number; readonly data: string }
  | { readonly type: 'key'; readonly key: LineKey }
  | {
      readonly type: 'input';
      readonly input: number;
      readonly isActive: boolean;
      readonly isInitial: boolean;
    }
  | { readonly type: 'tamper'; readonly isActive: boolean }
  | { readonly type: 'relay'; readonly isReleased: boolean }
  /** The controller's own count of door openings, over its whole life. */
  | { readonly type: 'openings'; readonly count: number };

export interface LinkStep {
  readonly state: LinkState;
  readonly effects: readonly LinkEffect[];
}

type Cell<I> = (state: LinkState, input: I) => LinkStep;
type Row = { readonly [T in LinkInput['type']]: Cell<Extract<LinkInput, { type: T }>> };

const stay = (state: LinkState): LinkStep => ({ state, effects: [] });

const table: { readonly [P in LinkPhase]: Row } = {
  offline: {
    opened: (state, { nowMs, nonce }) => query({ ...state, phase: 'greeting', nonce, queries: 0 }, nowMs),
    closed: stay,
    elapsed: stay,
    ordered: refuseOrder,
    signalled: stay,
    offer: stay,
    welcome: stay,
    done: stay,
    refused: stay,
    status: stay,
    card: stay,
    key: stay,
    input: stay,
    tamper: stay,
    output: stay,
    openings: stay,
  },
  greeting: {
    opened: stay,
    closed: (state) => leave(state, 'offline', 'port-closed'),
    elapsed: askAgain,
    ordered: refuseOrder,
    signalled: stay,
    offer: join,
    welcome: stay,
    done: stay,
    refused: stay,
    status: stay,
    card: stay,
    key: stay,
    input: stay,
    tamper: stay,
    output: stay,
    openings: stay,
  },
  joining: {
    opened: stay,
    closed: (state) => leave(state, 'offline', 'port-closed'),
    elapsed: giveUpJoining,
    ordered: refuseOrder,
    signalled: stay,
    offer: joinAnew,
    welcome: secureFirst,
    done: stay,
    refused: stay,
    status: stay,
    card: stay,
    key: stay,
    input: stay,
    tamper: stay,
    output: stay,
    openings: stay,
  },
  securing: {
    opened: stay,
    closed: (state) => leave(state, 'offline', 'port-closed'),
    elapsed: retrySecuring,
    ordered: refuseOrder,
    signalled: stay,
    offer: restart,
    welcome: stay,
    done: comeOnline,
    refused: regreet,
    status: stay,
    // What was read before the lock is known to be locked is not a presentation that anybody decides on.
    card: stay,
    key: stay,
    input: stay,
    tamper: stay,
    output: stay,
    // Only kept: it is told with the other levels when the controller is online.
    openings: (state, { message }) => stay({ ...state, openings: message.count }),
  },
  online: {
    opened: stay,
    closed: (state) => leave(state, 'offline', 'port-closed'),
    elapsed: keepAlive,
    ordered: takeOrder,
    signalled: (state, { nowMs, signal }) => pump({ ...state, signal }, nowMs),
    offer: restart,
    welcome: stay,
    done: settleDone,
    refused: settleRefused,
    status: takeStatus,
    card: (state, { message }) => ({ state, effects: [message] }),
    key: (state, { message }) => ({ state, effects: [message] }),
    input: (state, { message }) => setLevel(state, message.input, message.isActive),
    tamper: (state, { message }) => setTamper(state, message.isActive),
    output: (state, { message }) => setRelay(state, message.isReleased),
    openings: (state, { message }) => setOpenings(state, message.count),
  },
};

/** Steps the host's side of the line; total: every input in every phase has a cell. @see RULES.md FB24-FB37 */
export function stepLink(state: LinkState, input: LinkInput): LinkStep {
  // The cell at input.type takes exactly that input; the compiler cannot follow the index.
  return (table[state.phase][input.type] as Cell<LinkInput>)(state, input);
}

/** Takes one line as it came, without its newline: drops what is damaged, foreign, stale or repeated, steps on the rest. */
export function hearLine(state: LinkState, text: string, nowMs: number): LinkStep {
  const line = parseControllerLine(text);
  if (!line.ok) {
    if (line.error === 'echo') return stay(state);
    return { state, effects: [{ type: 'anomaly', code: line.error === 'unknown' ? 'noise' : line.error }] };
  }
  const { session, seq, message } = line.value;
  // The type of the message is the type of its input, one to one.
  const input = { type: message.type, nowMs, message } as MessageInput;
  if (session === noSession) {
    const isOutside =
      message.type === 'offer' || (message.type === 'refused' && message.reason === 'session');
    return isOutside ? stepLink(state, input) : { state, effects: [{ type: 'anomaly', code: 'noise' }] };
  }
  // Bytes of an earlier session may still come out of some buffer.
  if (session !== state.session) return { state, effects: [{ type: 'anomaly', code: 'noise' }] };
  if (seq <= state.receivedSeq) return stay(state);
  const isGap = seq > state.receivedSeq + 1;
  const heard = { ...state, receivedSeq: seq, heardAtMs: nowMs };
  return after(isGap ? [{ type: 'anomaly', code: 'sequence-gap' }] : [], stepLink(heard, input));
}

/** When `elapsed` next has something to do, in ms of the caller's clock; null while offline. */
export function linkWakeMs(state: LinkState): number | null {
  switch (state.phase) {
    case 'offline':
      return null;
    case 'greeting':
      return state.askedAtMs + hostTimes.queryMs;
    case 'joining':
      return state.askedAtMs + hostTimes.joinMs;
    case 'securing':
      return retryAtMs(state);
    case 'online':
      return Math.min(
        state.heardAtMs + hostTimes.silenceMs,
        state.pending === null ? state.askedAtMs + hostTimes.tickMs : retryAtMs(state),
      );
  }
}

const retryAtMs = (state: LinkState): number => (state.pending?.sentAtMs ?? 0) + hostTimes.retryMs;

const after = (effects: readonly LinkEffect[], step: LinkStep): LinkStep =>
  effects.length === 0 ? step : { state: step.state, effects: [...effects, ...step.effects] };

const outside = (message: HostMessage): LinkEffect => ({
  type: 'send',
  line: encodeHostLine({ session: noSession, seq: 0, message }),
});

function query(state: LinkState, nowMs: number): LinkStep {
  const asked: LinkState = {
    ...state,
    phase: 'greeting',
    session: noSession,
    askedAtMs: nowMs,
    queries: state.queries + 1,
  };
  return { state: asked, effects: [outside({ type: 'query' })] };
}

function askAgain(state: LinkState, { nowMs }: { readonly nowMs: number }): LinkStep {
  if (nowMs - state.askedAtMs < hostTimes.queryMs) return stay(state);
  return after(
    state.queries === maxQueries ? [{ type: 'lost', reason: 'no-answer' }] : [],
    query(state, nowMs),
  );
}

function join(state: LinkState, { nowMs, message }: Extract<MessageInput, { type: 'offer' }>): LinkStep {
  if (message.version !== lineVersion) return { state, effects: [{ type: 'lost', reason: 'wrong-version' }] };
  const { nonce } = state;
  const joining: LinkState = {
    ...state,
    phase: 'joining',
    session: message.offer + nonce,
    sentSeq: 0,
    receivedSeq: 0,
    askedAtMs: nowMs,
    queries: 0,
  };
  return { state: joining, effects: [outside({ type: 'hello', offer: message.offer, nonce })] };
}

/** A second answer to an earlier query quotes the same offer and means nothing; another offer is another boot. */
const isOwnOffer = (state: LinkState, offer: string): boolean => state.session === offer + state.nonce;

function joinAnew(state: LinkState, input: Extract<MessageInput, { type: 'offer' }>): LinkStep {
  return isOwnOffer(state, input.message.offer) ? stay(state) : join(state, input);
}

function giveUpJoining(state: LinkState, { nowMs }: { readonly nowMs: number }): LinkStep {
  return nowMs - state.askedAtMs < hostTimes.joinMs ? stay(state) : query(state, nowMs);
}

function secureFirst(
  state: LinkState,
  { nowMs, message }: Extract<MessageInput, { type: 'welcome' }>,
): LinkStep {
  const { maxPulseMs, inputCount, mark } = message;
  const welcomed: LinkState = { ...state, phase: 'securing', maxPulseMs, inputCount, mark };
  // What the lock did while nobody listened is not known, so nothing else is asked of it before it was locked.
  return send(welcomed, { kind: 'secure', ref: null, notAfterMs: Infinity }, { type: 'secure' }, nowMs);
}

function retrySecuring(state: LinkState, { nowMs }: { readonly nowMs: number }): LinkStep {
  const { pending } = state;
  if (pending === null || nowMs < retryAtMs(state)) return stay(state);
  return pending.tries < maxTries ? resend(state, pending, nowMs) : query({ ...state, pending: null }, nowMs);
}

function comeOnline(state: LinkState, { nowMs, message }: Extract<MessageInput, { type: 'done' }>): LinkStep {
  if (message.seq !== state.pending?.seq) return stay(state);
  const online: LinkState = { ...state, phase: 'online', pending: null, knownInputs: 0, isReleased: null };
  const { state: known, effects } = setRelay(online, message.isReleased);
  const { maxPulseMs, mark } = state;
  const { openings } = state;
  const counted: LinkEffect[] = openings === null ? [] : [{ type: 'openings', count: openings }];
  // The first tick goes out at once: its answer carries every level.
  const ticked = tick(known, nowMs);
  return after([{ type: 'online', maxPulseMs, mark }, ...effects, ...counted], ticked);
}

function regreet(state: LinkState, { nowMs, message }: Extract<MessageInput, { type: 'refused' }>): LinkStep {
  return isSessionGone(state, message) ? query({ ...state, pending: null }, nowMs) : stay(state);
}

/** Only the answer to what is under way counts: one that comes out of a buffer must not end a good session. */
const isSessionGone = (
  state: LinkState,
  { seq, reason }: Extract<ControllerMessage, { type: 'refused' }>,
): boolean => reason === 'session' && seq === state.pending?.seq;

function restart(state: LinkState, input: Extract<MessageInput, { type: 'offer' }>): LinkStep {
  if (isOwnOffer(state, input.message.offer)) return stay(state);
  const { state: left, effects } = leave(state, 'greeting', 'restarted');
  return after(effects, join(left, input));
}

/** Ends a session (or an attempt at one): whoever waits is told, and nothing of it is ever sent again. */
function leave(state: LinkState, phase: 'offline' | 'greeting', reason: LostReason): LinkStep {
  const { pending } = state;
  const effects: LinkEffect[] = [];
  if (pending !== null && pending.ref !== null) effects.push(settled(pending.ref, { kind: 'unconfirmed' }));
  for (const { ref } of state.queue) effects.push(settled(ref, { kind: 'refused', reason: 'offline' }));
  effects.push({ type: 'lost', reason });
  const { nonce, isTampered } = state;
  return { state: { ...linkStart, phase, nonce, isTampered }, effects };
}

const settled = (ref: number, outcome: OrderOutcome): LinkEffect => ({ type: 'settled', ref, outcome });

function refuseOrder(state: LinkState, { order }: Extract<LinkInput, { type: 'ordered' }>): LinkStep {
  return { state, effects: [settled(order.ref, { kind: 'refused', reason: 'offline' })] };
}

function takeOrder(state: LinkState, { nowMs, order }: Extract<LinkInput, { type: 'ordered' }>): LinkStep {
  if (order.kind === 'pulse') {
    if (state.queue.length >= maxQueued) return { state, effects: [settled(order.ref, dropped)] };
    return pump({ ...state, queue: [...state.queue, order] }, nowMs);
  }
  // Locking goes before everything: pulses that wait would unlock again after it, one under way is let go of.
  const effects = state.queue.filter(({ kind }) => kind === 'pulse').map(({ ref }) => settled(ref, dropped));
  const { pending } = state;
  const isOvertaken = pending !== null && pending.kind === 'pulse';
  if (isOvertaken && pending.ref !== null) effects.push(settled(pending.ref, { kind: 'unconfirmed' }));
  const queue = [...state.queue.filter(({ kind }) => kind === 'secure'), order];
  return after(effects, pump({ ...state, queue, pending: isOvertaken ? null : pending }, nowMs));
}

const dropped: OrderOutcome = { kind: 'refused', reason: 'dropped' };

/** Sends the next thing there is to send, if nothing of the lock is under way; a tick or signal is given up for an order. */
function pump(state: LinkState, nowMs: number): LinkStep {
  const { pending } = state;
  if (pending !== null && (pending.kind === 'pulse' || pending.kind === 'secure')) return stay(state);
  const [order, ...queue] = state.queue;
  if (order !== undefined) {
    const taken = { ...state, queue };
    if (order.kind === 'secure') {
      return send(taken, { kind: 'secure', ref: order.ref, notAfterMs: Infinity }, { type: 'secure' }, nowMs);
    }
    const { ref, output, durationMs, id, mark, notAfterMs } = order;
    if (nowMs > notAfterMs) {
      return after([settled(ref, { kind: 'refused', reason: 'expired' })], pump(taken, nowMs));
    }
    return send(
      taken,
      { kind: 'pulse', ref, notAfterMs },
      { type: 'pulse', output, durationMs, id, mark },
      nowMs,
    );
  }
  if (pending !== null) return stay(state);
  if (state.signal !== null) {
    const { signal } = state;
    return send(
      { ...state, signal: null },
      { kind: 'signal', ref: null, notAfterMs: Infinity },
      { type: 'signal', signal },
      nowMs,
    );
  }
  return nowMs - state.askedAtMs >= hostTimes.tickMs ? tick(state, nowMs) : stay(state);
}

const tick = (state: LinkState, nowMs: number): LinkStep =>
  send(
    { ...state, askedAtMs: nowMs },
    { kind: 'tick', ref: null, notAfterMs: Infinity },
    { type: 'tick' },
    nowMs,
  );

function send(
  state: LinkState,
  what: Pick<Pending, 'kind' | 'ref' | 'notAfterMs'>,
  message: HostMessage,
  nowMs: number,
): LinkStep {
  const seq = state.sentSeq + 1;
  const line = encodeHostLine({ session: state.session, seq, message });
  const pending: Pending = { ...what, seq, line, sentAtMs: nowMs, tries: 1 };
  return { state: { ...state, sentSeq: seq, pending }, effects: [{ type: 'send', line }] };
}

/** The same bytes once more: the controller knows the number and does not carry it out twice. */
function resend(state: LinkState, pending: Pending, nowMs: number): LinkStep {
  const again: Pending = { ...pending, sentAtMs: nowMs, tries: pending.tries + 1 };
  return { state: { ...state, pending: again }, effects: [{ type: 'send', line: pending.line }] };
}

function keepAlive(state: LinkState, { nowMs }: { readonly nowMs: number }): LinkStep {
  if (nowMs - state.heardAtMs >= hostTimes.silenceMs) {
    const { state: left, effects } = leave(state, 'greeting', 'silent');
    return after(effects, query(left, nowMs));
  }
  const { pending } = state;
  if (pending === null) return pump(state, nowMs);
  if (nowMs < retryAtMs(state)) return stay(state);
  if (pending.tries < maxTries && nowMs <= pending.notAfterMs) return resend(state, pending, nowMs);
  const effects = pending.ref === null ? [] : [settled(pending.ref, { kind: 'unconfirmed' })];
  return after(effects, pump({ ...state, pending: null }, nowMs));
}

function settleDone(state: LinkState, { nowMs, message }: Extract<MessageInput, { type: 'done' }>): LinkStep {
  const { isReleased } = message;
  const { state: known, effects } = setRelay(state, isReleased);
  return after(effects, settle(known, message.seq, { kind: 'done', isReleased }, nowMs));
}

function settleRefused(
  state: LinkState,
  { nowMs, message }: Extract<MessageInput, { type: 'refused' }>,
): LinkStep {
  if (message.reason !== 'session') {
    return settle(state, message.seq, { kind: 'refused', reason: message.reason }, nowMs);
  }
  if (!isSessionGone(state, message)) return stay(state);
  const { state: left, effects } = leave(state, 'greeting', 'restarted');
  return after(effects, query(left, nowMs));
}

/** An answer to anything but the command under way is late: whoever waited for it was told already. */
function settle(state: LinkState, seq: number, outcome: OrderOutcome, nowMs: number): LinkStep {
  const { pending } = state;
  if (pending === null || pending.seq !== seq) return stay(state);
  const effects = pending.ref === null ? [] : [settled(pending.ref, outcome)];
  return after(effects, pump({ ...state, pending: null }, nowMs));
}

function takeStatus(
  state: LinkState,
  { nowMs, message }: Extract<MessageInput, { type: 'status' }>,
): LinkStep {
  let step: LinkStep = stay(state);
  for (let input = 0; input < state.inputCount; input += 1) {
    step = after(step.effects, setLevel(step.state, input, (message.inputs & (1 << input)) !== 0));
  }
  step = after(step.effects, setTamper(step.state, message.isTampered));
  step = after(step.effects, setRelay(step.state, message.isReleased));
  return after(
    step.effects,
    settle(step.state, message.seq, { kind: 'done', isReleased: message.isReleased }, nowMs),
  );
}

function setLevel(state: LinkState, input: number, isActive: boolean): LinkStep {
  const bit = 1 << input;
  if (input >= state.inputCount) return { state, effects: [{ type: 'anomaly', code: 'noise' }] };
  const isInitial = (state.knownInputs & bit) === 0;
  if (!isInitial && ((state.inputs & bit) !== 0) === isActive) return stay(state);
  const inputs = isActive ? state.inputs | bit : state.inputs & ~bit;
  const effect: LinkEffect = { type: 'input', input, isActive, isInitial };
  return { state: { ...state, inputs, knownInputs: state.knownInputs | bit }, effects: [effect] };
}

function setTamper(state: LinkState, isActive: boolean): LinkStep {
  if (state.isTampered === isActive) return stay(state);
  return { state: { ...state, isTampered: isActive }, effects: [{ type: 'tamper', isActive }] };
}

function setRelay(state: LinkState, isReleased: boolean): LinkStep {
  if (state.isReleased === isReleased) return stay(state);
  return { state: { ...state, isReleased }, effects: [{ type: 'relay', isReleased }] };
}

function setOpenings(state: LinkState, count: number): LinkStep {
  if (state.openings === count) return stay(state);
  return { state: { ...state, openings: count }, effects: [{ type: 'openings', count }] };
}
