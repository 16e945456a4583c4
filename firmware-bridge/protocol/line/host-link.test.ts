import { describe, expect, it } from 'vitest';
import { encodeControllerLine, encodeHostLine, noSession, parseHostLine } from './line.ts';
import {
  hearLine,
  hostTimes,
  linkStart,
  linkWakeMs,
  stepLink,
  type LinkEffect,
  type LinkInput,
  type LinkPhase,
  type LinkState,
  type LinkStep,
  type Order,
} from './host-link.ts';
import type { ControllerMessage, HostMessage } from './message.ts';

const offer = 'a3f0';
const nonce = '17c2';
const session = offer + nonce;

/** A link with its effects collected, and a controller's mouth. */
function createBench() {
  let state: LinkState = linkStart;
  let seq = 0;
  let nowMs = 1000;
  const effects: LinkEffect[] = [];
  const note = (step: LinkStep): void => {
    state = step.state;
    effects.push(...step.effects);
  };
  const bench = {
    get state() {
      return state;
    },
    get nowMs() {
      return nowMs;
    },
    step: (input: LinkInput) => note(stepLink(state, input)),
    hearText: (text: string) => note(hearLine(state, text, nowMs)),
    say: (message: ControllerMessage, own = session) => {
      if (own !== noSession) seq += 1;
      bench.hearText(
        encodeControllerLine({ session: own, seq: own === noSession ? 0 : seq, message }).trimEnd(),
      );
    },
    skipSeq: () => {
      seq += 1;
    },
    open: () => bench.step({ type: 'opened', nowMs, nonce }),
    order: (order: Order) => bench.step({ type: 'ordered', nowMs, order }),
    /** Lets the time pass that the link asked to be woken at. */
    wake: () => {
      nowMs = linkWakeMs(state) ?? nowMs;
      bench.step({ type: 'elapsed', nowMs });
    },
    pass: (ms: number) => {
      nowMs += ms;
    },
    /** Effects since the last call. */
    take: () => effects.splice(0),
    /** Messages sent since the last call; other effects of that time are dropped. */
    sent: (): HostMessage[] =>
      bench.take().flatMap((effect) => (effect.type === 'send' ? [messageOf(effect.line)] : [])),
    welcome: (maxPulseMs = 10_000) => {
      seq = 0;
      bench.say({ type: 'offer', version: 1, offer }, noSession);
      bench.say({ type: 'welcome', maxPulseMs, inputCount: 2, mark: null });
    },
    /** Brings the link online and answers its first tick. */
    goOnline: () => {
      bench.open();
      bench.welcome();
      bench.say({ type: 'done', seq: 1, isReleased: false });
      bench.say({ type: 'status', seq: 2, inputs: 2, isTampered: false, isReleased: false });
      bench.take();
    },
  };
  return bench;
}

function messageOf(line: string): HostMessage {
  const heard = parseHostLine(line.trimEnd());
  if (!heard.ok) throw new Error(heard.error);
  return heard.value.message;
}

const pulse = (ref: number, notAfterMs = 60_000): Extract<Order, { kind: 'pulse' }> => ({
  kind: 'pulse',
  ref,
  output: 0,
  durationMs: 3000,
  id: `p${ref}`,
  mark: null,
  notAfterMs,
});

const settledOf = (effects: readonly LinkEffect[]): unknown[] =>
  effects.flatMap((effect) => (effect.type === 'settled' ? [[effect.ref, effect.outcome]] : []));

describe('the greeting', () => {
  it('FB24: asks, joins, and locks before anything else; only then it is online and asks for the levels', () => {
    const bench = createBench();
    bench.open();
    expect(bench.sent()).toEqual([{ type: 'query' }]);
    bench.say({ type: 'offer', version: 1, offer }, noSession);
    expect(bench.sent()).toEqual([{ type: 'hello', offer, nonce }]);
    bench.say({ type: 'welcome', maxPulseMs: 8000, inputCount: 2, mark: { epoch: 1, sq: 7 } });
    expect(bench.sent()).toEqual([{ type: 'secure' }]);
    bench.order(pulse(1));
    bench.step({ type: 'signalled', nowMs: bench.nowMs, signal: 'granted' });
    expect(bench.take()).toEqual([
      { type: 'settled', ref: 1, outcome: { kind: 'refused', reason: 'offline' } },
    ]);
    bench.say({ type: 'done', seq: 1, isReleased: false });
    expect(bench.take()).toEqual([
      { type: 'online', maxPulseMs: 8000, mark: { epoch: 1, sq: 7 } },
      { type: 'relay', isReleased: false },
      { type: 'send', line: encodeHostLine({ session, seq: 2, message: { type: 'tick' } }) },
    ]);
  });

  it('FB24: without an answer to the locking it stays away from the lock and greets anew', () => {
    const bench = createBench();
    bench.open();
    bench.welcome();
    bench.take();
    for (let tries = 0; tries < 2; tries += 1) bench.wake();
    expect(bench.sent()).toEqual([{ type: 'secure' }, { type: 'secure' }]);
    bench.wake();
    expect(bench.sent()).toEqual([{ type: 'query' }]);
    expect(bench.state.phase).toBe('greeting');
  });

  it('FB24: a hello without a welcome starts over, and a second answer to the query changes nothing', () => {
    const bench = createBench();
    bench.open();
    bench.say({ type: 'offer', version: 1, offer }, noSession);
    bench.take();
    bench.say({ type: 'offer', version: 1, offer }, noSession);
    expect(bench.take()).toEqual([]);
    bench.wake();
    expect(bench.sent()).toEqual([{ type: 'query' }]);
  });

  it('FB34: three unanswered queries are told once, and it goes on asking', () => {
    const bench = createBench();
    bench.open();
    for (let asked = 0; asked < 6; asked += 1) bench.wake();
    const effects = bench.take();
    expect(effects.filter(({ type }) => type === 'send').length).toBe(7);
    expect(effects.filter(({ type }) => type === 'lost')).toEqual([{ type: 'lost', reason: 'no-answer' }]);
  });

  it('FB34: a controller of another version is told and not joined', () => {
    const bench = createBench();
    bench.open();
    bench.take();
    bench.say({ type: 'offer', version: 2, offer }, noSession);
    expect(bench.take()).toEqual([{ type: 'lost', reason: 'wrong-version' }]);
  });
});

describe('the table', () => {
  it('FB25: an order is refused in every phase but online, and nothing of it is sent', () => {
    const phases: readonly LinkPhase[] = ['offline', 'greeting', 'joining', 'securing'];
    const bench = createBench();
    const prepare: Readonly<Record<string, () => void>> = {
      offline: () => undefined,
      greeting: () => bench.open(),
      joining: () => bench.say({ type: 'offer', version: 1, offer }, noSession),
      securing: () => bench.say({ type: 'welcome', maxPulseMs: 10_000, inputCount: 2, mark: null }),
    };
    for (const phase of phases) {
      prepare[phase]?.();
      expect(bench.state.phase).toBe(phase);
      bench.take();
      bench.order(pulse(1));
      bench.order({ kind: 'secure', ref: 2 });
      expect(bench.take()).toEqual([
        { type: 'settled', ref: 1, outcome: { kind: 'refused', reason: 'offline' } },
        { type: 'settled', ref: 2, outcome: { kind: 'refused', reason: 'offline' } },
      ]);
    }
  });

  it('FB25: a closed port leads to offline from every phase, and offline needs no waking', () => {
    const steps: readonly ((bench: ReturnType<typeof createBench>) => void)[] = [
      (bench) => bench.open(),
      (bench) => bench.say({ type: 'offer', version: 1, offer }, noSession),
      (bench) => bench.say({ type: 'welcome', maxPulseMs: 10_000, inputCount: 2, mark: null }),
      (bench) => bench.say({ type: 'done', seq: 1, isReleased: false }),
    ];
    for (let count = 1; count <= steps.length; count += 1) {
      const bench = createBench();
      for (const step of steps.slice(0, count)) step(bench);
      bench.step({ type: 'closed', nowMs: bench.nowMs });
      expect(bench.state.phase).toBe('offline');
      expect(linkWakeMs(bench.state)).toBeNull();
    }
  });
});

describe('what is heard', () => {
  it('FB26: lines of another session, repeated lines and echoes are dropped; a gap is counted', () => {
    const bench = createBench();
    bench.goOnline();
    bench.say({ type: 'key', key: '5' }, 'ffff0000');
    expect(bench.take()).toEqual([{ type: 'anomaly', code: 'noise' }]);
    const line = encodeControllerLine({ session, seq: 9, message: { type: 'key', key: '5' } }).trimEnd();
    bench.hearText(line);
    bench.hearText(line);
    bench.hearText(encodeHostLine({ session, seq: 3, message: { type: 'tick' } }).trimEnd());
    expect(bench.take()).toEqual([
      { type: 'anomaly', code: 'sequence-gap' },
      { type: 'key', key: '5' },
    ]);
  });

  it('FB26: damage is counted by its kind and changes nothing', () => {
    const bench = createBench();
    bench.goOnline();
    const before = bench.state;
    bench.hearText('<a3f017c2 9 K 5*0000');
    bench.hearText(`${'A'.repeat(95)}\x18`);
    expect(bench.take()).toEqual([
      { type: 'anomaly', code: 'bad-crc' },
      { type: 'anomaly', code: 'overlong' },
    ]);
    expect(bench.state).toBe(before);
  });

  it('FB27: the first level of each input is a state, later ones are edges, and a level that did not change is silent', () => {
    const bench = createBench();
    bench.open();
    bench.welcome();
    bench.say({ type: 'done', seq: 1, isReleased: false });
    bench.take();
    bench.say({ type: 'status', seq: 2, inputs: 3, isTampered: false, isReleased: false });
    bench.say({ type: 'input', input: 0, isActive: true });
    bench.say({ type: 'input', input: 0, isActive: false });
    expect(bench.take()).toEqual([
      { type: 'input', input: 0, isActive: true, isInitial: true },
      { type: 'input', input: 1, isActive: true, isInitial: true },
      { type: 'input', input: 0, isActive: false, isInitial: false },
    ]);
  });

  it('FB27: an edge whose line was lost is told by the next status', () => {
    const bench = createBench();
    bench.goOnline();
    bench.wake();
    bench.take();
    bench.skipSeq();
    bench.say({ type: 'status', seq: 3, inputs: 3, isTampered: false, isReleased: false });
    expect(bench.take()).toEqual([
      { type: 'anomaly', code: 'sequence-gap' },
      { type: 'input', input: 0, isActive: true, isInitial: false },
    ]);
  });

  it('AV8: the count of openings is told once the controller is online, and again when it changed', () => {
    const bench = createBench();
    bench.open();
    bench.welcome();
    bench.say({ type: 'openings', count: 41 });
    expect(bench.take().map(({ type }) => type)).not.toContain('openings');
    bench.say({ type: 'done', seq: 1, isReleased: false });
    const counts = () => bench.take().filter(({ type }) => type === 'openings');
    expect(counts()).toEqual([{ type: 'openings', count: 41 }]);
    bench.say({ type: 'openings', count: 41 });
    expect(counts()).toEqual([]);
    bench.say({ type: 'openings', count: 42 });
    expect(counts()).toEqual([{ type: 'openings', count: 42 }]);
  });

  it('FB27: levels are initial again after a reconnect', () => {
    const bench = createBench();
    bench.goOnline();
    bench.step({ type: 'closed', nowMs: bench.nowMs });
    bench.open();
    bench.welcome();
    bench.say({ type: 'done', seq: 1, isReleased: false });
    bench.take();
    bench.say({ type: 'status', seq: 2, inputs: 2, isTampered: false, isReleased: false });
    expect(bench.take().filter(({ type }) => type === 'input')).toEqual([
      { type: 'input', input: 0, isActive: false, isInitial: true },
      { type: 'input', input: 1, isActive: true, isInitial: true },
    ]);
  });

  it('FB33: a tamper that came or went while nobody listened is told once', () => {
    const bench = createBench();
    bench.goOnline();
    bench.say({ type: 'tamper', isActive: true });
    bench.say({ type: 'tamper', isActive: true });
    expect(bench.take()).toEqual([{ type: 'tamper', isActive: true }]);
    bench.step({ type: 'closed', nowMs: bench.nowMs });
    bench.open();
    bench.welcome();
    bench.say({ type: 'done', seq: 1, isReleased: false });
    bench.take();
    bench.say({ type: 'status', seq: 2, inputs: 2, isTampered: false, isReleased: false });
    bench.say({ type: 'tamper', isActive: false });
    expect(bench.take().filter(({ type }) => type === 'tamper')).toEqual([
      { type: 'tamper', isActive: false },
    ]);
  });
});

describe('orders', () => {
  it('FB28: an unanswered order is sent three times in the same bytes, then it is unconfirmed', () => {
    const bench = createBench();
    bench.goOnline();
    bench.order(pulse(1));
    bench.wake();
    bench.wake();
    const lines = bench.take().flatMap((effect) => (effect.type === 'send' ? [effect.line] : []));
    expect(lines.length).toBe(3);
    expect(new Set(lines).size).toBe(1);
    bench.wake();
    expect(settledOf(bench.take())).toEqual([[1, { kind: 'unconfirmed' }]]);
    bench.wake();
    expect(bench.sent().some(({ type }) => type === 'pulse')).toBe(false);
  });

  it('FB28: the answer to the order settles it; an answer to another one does not', () => {
    const bench = createBench();
    bench.goOnline();
    bench.order(pulse(1));
    bench.take();
    bench.say({ type: 'done', seq: 2, isReleased: false });
    expect(settledOf(bench.take())).toEqual([]);
    bench.say({ type: 'done', seq: 3, isReleased: true });
    expect(bench.take()).toEqual([
      { type: 'relay', isReleased: true },
      { type: 'settled', ref: 1, outcome: { kind: 'done', isReleased: true } },
    ]);
    bench.order(pulse(2));
    bench.say({ type: 'refused', seq: 4, reason: 'ratchet' });
    expect(settledOf(bench.take())).toEqual([[2, { kind: 'refused', reason: 'ratchet' }]]);
  });

  it('FB29: a pulse whose time passed while it waited is never sent', () => {
    const bench = createBench();
    bench.goOnline();
    bench.order(pulse(1));
    bench.order(pulse(2, bench.nowMs + 100));
    bench.take();
    bench.pass(101);
    bench.say({ type: 'done', seq: 3, isReleased: true });
    expect(settledOf(bench.take())).toEqual([
      [1, { kind: 'done', isReleased: true }],
      [2, { kind: 'refused', reason: 'expired' }],
    ]);
  });

  it('FB29: a pulse is not repeated past its time', () => {
    const bench = createBench();
    bench.goOnline();
    bench.order(pulse(1, bench.nowMs + hostTimes.retryMs - 1));
    bench.take();
    bench.wake();
    expect(bench.take()).toEqual([{ type: 'settled', ref: 1, outcome: { kind: 'unconfirmed' } }]);
  });

  it('FB30: locking goes before everything: waiting pulses are dropped, the one under way is let go of', () => {
    const bench = createBench();
    bench.goOnline();
    bench.order(pulse(1));
    bench.order(pulse(2));
    bench.take();
    bench.order({ kind: 'secure', ref: 3 });
    const effects = bench.take();
    expect(settledOf(effects)).toEqual([
      [2, { kind: 'refused', reason: 'dropped' }],
      [1, { kind: 'unconfirmed' }],
    ]);
    expect(effects.flatMap((effect) => (effect.type === 'send' ? [messageOf(effect.line)] : []))).toEqual([
      { type: 'secure' },
    ]);
    bench.say({ type: 'done', seq: 4, isReleased: false });
    expect(settledOf(bench.take())).toEqual([[3, { kind: 'done', isReleased: false }]]);
  });

  it('FB35: a pulse does not wait for a tick or a signal under way', () => {
    const bench = createBench();
    bench.goOnline();
    bench.step({ type: 'signalled', nowMs: bench.nowMs, signal: 'wait' });
    bench.order(pulse(1));
    expect(bench.sent().map(({ type }) => type)).toEqual(['signal', 'pulse']);
  });

  it('FB35: of several signals that wait the last one counts', () => {
    const bench = createBench();
    bench.goOnline();
    bench.order(pulse(1));
    bench.step({ type: 'signalled', nowMs: bench.nowMs, signal: 'wait' });
    bench.step({ type: 'signalled', nowMs: bench.nowMs, signal: 'granted' });
    bench.take();
    bench.say({ type: 'done', seq: 3, isReleased: true });
    expect(bench.sent()).toEqual([{ type: 'signal', signal: 'granted' }]);
  });

  it('FB36: one pulse is under way at a time, in order, and too many are refused', () => {
    const bench = createBench();
    bench.goOnline();
    for (let ref = 1; ref <= 6; ref += 1) bench.order(pulse(ref));
    const effects = bench.take();
    expect(effects.filter(({ type }) => type === 'send').length).toBe(1);
    expect(settledOf(effects)).toEqual([[6, { kind: 'refused', reason: 'dropped' }]]);
    for (let ref = 1; ref <= 5; ref += 1) {
      bench.say({ type: 'done', seq: ref + 2, isReleased: true });
      expect(settledOf(bench.take())).toEqual([[ref, { kind: 'done', isReleased: true }]]);
    }
  });
});

describe('the heartbeat', () => {
  it('FB31: a tick goes out each second that has no order', () => {
    const bench = createBench();
    bench.goOnline();
    const start = bench.nowMs;
    for (let ticks = 1; ticks <= 3; ticks += 1) {
      bench.wake();
      expect(bench.nowMs).toBe(start + ticks * hostTimes.tickMs);
      expect(bench.sent()).toEqual([{ type: 'tick' }]);
      bench.say({ type: 'status', seq: 2 + ticks, inputs: 2, isTampered: false, isReleased: false });
    }
  });

  it('FB31: a controller that is silent for three seconds is lost and greeted anew', () => {
    const bench = createBench();
    bench.goOnline();
    const start = bench.nowMs;
    while (bench.state.phase === 'online') bench.wake();
    expect(bench.nowMs).toBe(start + hostTimes.silenceMs);
    expect(bench.take().slice(-2)).toEqual([
      { type: 'lost', reason: 'silent' },
      { type: 'send', line: encodeHostLine({ session: noSession, seq: 0, message: { type: 'query' } }) },
    ]);
  });

  it('FB32: after a restart of the controller whoever waited is told, and nothing is replayed', () => {
    const bench = createBench();
    bench.goOnline();
    bench.order(pulse(1));
    bench.order(pulse(2));
    bench.take();
    bench.say({ type: 'offer', version: 1, offer: 'b111' }, noSession);
    const effects = bench.take();
    expect(settledOf(effects)).toEqual([
      [1, { kind: 'unconfirmed' }],
      [2, { kind: 'refused', reason: 'offline' }],
    ]);
    expect(effects.filter(({ type }) => type === 'lost')).toEqual([{ type: 'lost', reason: 'restarted' }]);
    expect(effects.flatMap((effect) => (effect.type === 'send' ? [messageOf(effect.line)] : []))).toEqual([
      { type: 'hello', offer: 'b111', nonce },
    ]);
  });

  it('FB32: a refusal of the session counts only as the answer to what is under way', () => {
    const bench = createBench();
    bench.goOnline();
    bench.order(pulse(1));
    bench.take();
    bench.say({ type: 'refused', seq: 2, reason: 'session' }, noSession);
    expect(bench.take()).toEqual([]);
    bench.say({ type: 'refused', seq: 3, reason: 'session' }, noSession);
    expect(bench.sent()).toEqual([{ type: 'query' }]);
    expect(bench.state.phase).toBe('greeting');
  });
});
