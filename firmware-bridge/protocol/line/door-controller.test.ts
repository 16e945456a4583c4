import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  controllerTimes,
  controllerWakeMs,
  createController,
  stepController,
  type ControllerEffect,
  type ControllerInput,
  type ControllerState,
} from './door-controller.ts';
import { encodeHostLine, noSession, parseControllerLine } from './line.ts';
import type { ControllerMessage, HostMessage, JournalMark } from './message.ts';

const nonce = '17c2';
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

/** A controller with power, its effects collected, and a host's mouth. */
function createBench(maxPulseMs = 10_000) {
  let state: ControllerState = createController({ maxPulseMs, inputCount: 2 });
  let nowMs = 0;
  let seq = 0;
  let session = noSession;
  const effects: ControllerEffect[] = [];
  const bench = {
    get state() {
      return state;
    },
    get nowMs() {
      return nowMs;
    },
    get isReleased() {
      return state.releasedUntilMs !== null;
    },
    step: (input: ControllerInput) => {
      const step = stepController(state, input);
      state = step.state;
      effects.push(...step.effects);
    },
    power: () => bench.step({ type: 'powered', nowMs, entropy: 7 }),
    unpower: () => bench.step({ type: 'unpowered', nowMs }),
    hear: (text: string) => bench.step({ type: 'bytes', nowMs, bytes: bytesOf(text) }),
    say: (message: HostMessage, own = session, number = (seq += 1)) =>
      bench.hear(encodeHostLine({ session: own, seq: number, message })),
    pass: (ms: number) => {
      nowMs += ms;
      bench.step({ type: 'elapsed', nowMs });
    },
    /** Lets time pass with a host that ticks. */
    live: (ms: number) => {
      for (let left = ms; left > 0; left -= 500) {
        bench.say({ type: 'tick' });
        bench.pass(Math.min(left, 500));
      }
    },
    take: () => effects.splice(0),
    heard: (): ControllerMessage[] =>
      bench.take().flatMap((effect) => (effect.type === 'send' ? [messageOf(effect.line)] : [])),
    greet: () => {
      const offer = state.offer.toString(16).padStart(4, '0');
      seq = 0;
      session = offer + nonce;
      bench.hear(encodeHostLine({ session: noSession, seq: 0, message: { type: 'hello', offer, nonce } }));
      bench.take();
    },
    pulse: (id: string, durationMs = 3000, mark: JournalMark | null = null) =>
      bench.say({ type: 'pulse', output: 0, durationMs, id, mark }),
    get session() {
      return session;
    },
    get seq() {
      return seq;
    },
  };
  bench.power();
  bench.greet();
  return bench;
}

function messageOf(line: string): ControllerMessage {
  const heard = parseControllerLine(line.trimEnd());
  if (!heard.ok) throw new Error(heard.error);
  return heard.value.message;
}

describe('a pulse', () => {
  it('FB50: is released at once, acknowledged, and ended by the controller itself', () => {
    const bench = createBench();
    bench.pulse('a', 2000);
    expect(bench.take().map((effect) => (effect.type === 'send' ? messageOf(effect.line) : effect))).toEqual([
      { type: 'relay', isReleased: true, mark: null },
      { type: 'pulsed' },
      { type: 'output', output: 0, isReleased: true, cause: 'pulse' },
      { type: 'done', seq: 1, isReleased: true },
    ]);
    bench.pass(1999);
    expect(bench.take()).toEqual([]);
    expect(controllerWakeMs(bench.state)).toBe(2000);
    bench.pass(1);
    expect(bench.heard()).toEqual([{ type: 'output', output: 0, isReleased: false, cause: 'ended' }]);
  });

  it('FB51: shorter than 0.1 s or longer than the controller was built for is refused, and the relay stays', () => {
    for (const [maxPulseMs, durationMs] of [
      [10_000, 10_001],
      [10_000, 99],
      [60_000, 10_001],
      [5000, 5001],
      [10_000, 4_294_967_295],
    ] as const) {
      const bench = createBench(maxPulseMs);
      bench.pulse('a', durationMs);
      expect(bench.heard()).toEqual([{ type: 'refused', seq: 1, reason: 'duration' }]);
      expect(bench.isReleased).toBe(false);
    }
  });

  it('FB51: of an output that is not there is refused', () => {
    const bench = createBench();
    bench.say({ type: 'pulse', output: 1, durationMs: 1000, id: 'a', mark: null });
    expect(bench.heard()).toEqual([{ type: 'refused', seq: 1, reason: 'output' }]);
    expect(bench.isReleased).toBe(false);
  });

  it('FB52: a second one makes the end later, never earlier', () => {
    const bench = createBench();
    bench.pulse('a', 2000);
    bench.pass(1000);
    bench.pulse('b', 500);
    expect(bench.state.releasedUntilMs).toBe(2000);
    bench.pulse('c', 2500);
    expect(bench.state.releasedUntilMs).toBe(3500);
    const edges = bench.take().filter(({ type }) => type === 'relay');
    expect(edges.length).toBe(1);
  });

  it('FB53: the same command again is acknowledged again and not carried out again', () => {
    const bench = createBench();
    bench.pulse('a', 2000);
    bench.pass(1000);
    bench.take();
    bench.say({ type: 'pulse', output: 0, durationMs: 2000, id: 'a', mark: null }, bench.session, bench.seq);
    expect(bench.heard()).toEqual([{ type: 'done', seq: 1, isReleased: true }]);
    expect(bench.state.releasedUntilMs).toBe(2000);
    bench.pass(1000);
    bench.say({ type: 'pulse', output: 0, durationMs: 2000, id: 'a', mark: null }, bench.session, bench.seq);
    expect(bench.isReleased).toBe(false);
  });

  it('FB53: a pulse id that was carried out is not carried out under a new number, nor after a power cut', () => {
    const bench = createBench();
    bench.pulse('a', 1000);
    bench.pass(1000);
    bench.pulse('a', 1000);
    expect(bench.isReleased).toBe(false);
    bench.unpower();
    bench.power();
    bench.greet();
    bench.pulse('a', 1000);
    expect(bench.isReleased).toBe(false);
    expect(bench.heard()).toEqual([{ type: 'done', seq: 1, isReleased: false }]);
  });

  it('FB53: a refused command again is refused again for the same reason', () => {
    const bench = createBench();
    bench.pulse('a', 20_000);
    bench.take();
    bench.say(
      { type: 'pulse', output: 0, durationMs: 20_000, id: 'a', mark: null },
      bench.session,
      bench.seq,
    );
    expect(bench.heard()).toEqual([{ type: 'refused', seq: 1, reason: 'duration' }]);
  });

  it('FB53: a signal repeated is not shown for longer', () => {
    const bench = createBench();
    bench.say({ type: 'signal', signal: 'denied' });
    bench.pass(2000);
    bench.say({ type: 'signal', signal: 'denied' }, bench.session, bench.seq);
    bench.pass(1000);
    expect(bench.state.signal).toBe('idle');
  });

  it('FB54: a command with a lower number than the last is refused as old', () => {
    const bench = createBench();
    bench.pulse('a', 1000);
    bench.say({ type: 'tick' });
    bench.pass(1000);
    bench.take();
    bench.say({ type: 'pulse', output: 0, durationMs: 1000, id: 'b', mark: null }, bench.session, 1);
    expect(bench.heard()).toEqual([{ type: 'refused', seq: 1, reason: 'old' }]);
    expect(bench.isReleased).toBe(false);
  });
});

describe('falling back to locked', () => {
  it('FB55: a silent host ends the session and the pulse; a host that ticks does not', () => {
    const bench = createBench();
    bench.pulse('a', 10_000);
    bench.live(9000);
    expect(bench.isReleased).toBe(true);
    bench.say({ type: 'tick' });
    bench.pulse('b', 10_000);
    bench.take();
    bench.pass(controllerTimes.silenceMs - 1);
    expect(bench.isReleased).toBe(true);
    bench.pass(1);
    expect(bench.isReleased).toBe(false);
    expect(bench.heard().map(({ type }) => type)).toEqual(['output', 'offer']);
  });

  it('FB56: power that goes locks, and power that comes back does not release', () => {
    const bench = createBench();
    bench.pulse('a', 5000);
    bench.take();
    bench.unpower();
    expect(bench.take()).toEqual([{ type: 'relay', isReleased: false, mark: null }]);
    bench.power();
    expect(bench.isReleased).toBe(false);
    expect(bench.heard()).toEqual([
      { type: 'offer', version: 1, offer: bench.state.offer.toString(16).padStart(4, '0') },
    ]);
  });

  it('FB56: a new session begins locked', () => {
    const bench = createBench();
    bench.pulse('a', 5000);
    bench.greet();
    expect(bench.isReleased).toBe(false);
  });

  it('FB61: the secure command locks at once', () => {
    const bench = createBench();
    bench.pulse('a', 5000);
    bench.take();
    bench.say({ type: 'secure' });
    expect(bench.isReleased).toBe(false);
    expect(bench.heard()).toEqual([
      { type: 'output', output: 0, isReleased: false, cause: 'secured' },
      { type: 'done', seq: 2, isReleased: false },
    ]);
  });
});

describe('the journal mark', () => {
  it('FB57: a pulse with a lower mark than the last, or without one after one, is refused; also after a power cut', () => {
    const bench = createBench();
    bench.pulse('a', 100, { epoch: 2, sq: 10 });
    bench.pass(100);
    bench.unpower();
    bench.power();
    bench.greet();
    bench.pulse('b', 1000, { epoch: 2, sq: 9 });
    bench.pulse('c', 1000, { epoch: 1, sq: 99 });
    bench.pulse('d', 1000, null);
    expect(bench.heard()).toEqual([
      { type: 'refused', seq: 1, reason: 'ratchet' },
      { type: 'refused', seq: 2, reason: 'ratchet' },
      { type: 'refused', seq: 3, reason: 'ratchet' },
    ]);
    expect(bench.isReleased).toBe(false);
  });

  it('FB57: the same or a higher mark, and a lower number in a higher epoch, pass', () => {
    const bench = createBench();
    for (const [id, epoch, sq] of [
      ['a', 1, 10],
      ['b', 1, 10],
      ['c', 1, 11],
      ['d', 2, 0],
    ] as const) {
      bench.pulse(id, 100, { epoch, sq });
      bench.pass(100);
    }
    expect(bench.heard().filter(({ type }) => type === 'refused')).toEqual([]);
    expect(bench.state.mark).toEqual({ epoch: 2, sq: 0 });
  });

  it('FB57: a refused pulse does not move the mark', () => {
    const bench = createBench();
    bench.pulse('a', 20_000, { epoch: 9, sq: 9 });
    expect(bench.state.mark).toBeNull();
  });
});

describe('the session', () => {
  it('FB58: without one a command is refused and the relay stays', () => {
    const bench = createBench();
    bench.unpower();
    bench.power();
    bench.take();
    bench.pulse('a', 1000);
    expect(bench.heard()).toEqual([{ type: 'refused', seq: 1, reason: 'session' }]);
    expect(bench.isReleased).toBe(false);
  });

  it('FB23: noise does not swallow a line that comes after a silence; a line cut by a short pause is whole', () => {
    const bench = createBench();
    bench.hear('\xff\x00>');
    bench.pass(controllerTimes.lineIdleMs);
    bench.say({ type: 'tick' });
    expect(bench.heard().map(({ type }) => type)).toEqual(['status']);
    const line = encodeHostLine({ session: bench.session, seq: 2, message: { type: 'tick' } });
    bench.hear(line.slice(0, 9));
    bench.pass(controllerTimes.lineIdleMs - 1);
    bench.hear(line.slice(9));
    expect(bench.heard().map(({ type }) => type)).toEqual(['status']);
  });

  it('FB58: a command of an earlier session is ignored in the present one', () => {
    const bench = createBench();
    const earlier = bench.session;
    bench.greet();
    bench.say({ type: 'pulse', output: 0, durationMs: 1000, id: 'a', mark: null }, earlier, 500);
    expect(bench.take()).toEqual([]);
    expect(bench.isReleased).toBe(false);
  });

  it('FB59: a hello that quotes an earlier offer opens nothing, and two offers are never alike', () => {
    const bench = createBench();
    const offers = new Set<number>();
    for (let boot = 0; boot < 50; boot += 1) {
      expect(offers.has(bench.state.offer)).toBe(false);
      offers.add(bench.state.offer);
      const stale = (bench.state.offer - 1).toString(16).padStart(4, '0');
      const before = bench.state.session;
      bench.hear(
        encodeHostLine({ session: noSession, seq: 0, message: { type: 'hello', offer: stale, nonce } }),
      );
      expect(bench.state.session).toBe(before);
      bench.unpower();
      bench.power();
    }
  });

  it('FB60: keys, cards and levels without a host are not kept for a later one', () => {
    const bench = createBench();
    bench.pass(controllerTimes.silenceMs);
    bench.take();
    bench.step({ type: 'key', nowMs: bench.nowMs, key: '5' });
    bench.step({ type: 'card', nowMs: bench.nowMs, bitCount: 26, data: '3D9CB940' });
    bench.step({ type: 'input', nowMs: bench.nowMs, input: 0, isActive: true });
    bench.greet();
    expect(bench.heard()).toEqual([]);
    bench.say({ type: 'tick' });
    expect(bench.heard()).toEqual([
      { type: 'status', seq: 1, inputs: 1, isTampered: false, isReleased: false },
    ]);
  });

  it('FB60: with a host every key, card, level and tamper is told', () => {
    const bench = createBench();
    bench.step({ type: 'key', nowMs: 0, key: 'enter' });
    bench.step({ type: 'card', nowMs: 0, bitCount: 26, data: '3D9CB940' });
    bench.step({ type: 'input', nowMs: 0, input: 0, isActive: true });
    bench.step({ type: 'tamper', nowMs: 0, isActive: true });
    expect(bench.heard()).toEqual([
      { type: 'key', key: 'enter' },
      { type: 'card', reader: 0, bitCount: 26, data: '3D9CB940' },
      { type: 'input', input: 0, isActive: true },
      { type: 'tamper', isActive: true },
    ]);
  });

  it('FB62: no noise, cut or changed line releases the relay', () => {
    const line = encodeHostLine({
      session: 'ffffffff',
      seq: 3,
      message: { type: 'pulse', output: 0, durationMs: 3000, id: 'a', mark: null },
    });
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 150 }),
      fc.constant(bytesOf(line)),
      fc.tuple(fc.nat(line.length), fc.nat(255)).map(([at, value]) => {
        const bytes = bytesOf(line);
        bytes[at] = value;
        return bytes;
      }),
      fc.nat(line.length).map((end) => bytesOf(line.slice(0, end))),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const bench = createBench();
        for (const bytes of pieces) bench.step({ type: 'bytes', nowMs: 0, bytes });
        expect(bench.isReleased).toBe(false);
        expect(bench.state.held.text.length).toBeLessThanOrEqual(96);
      }),
      { seed: 62 },
    );
  });

  it('AV7: each opening of the door is counted and told, without a host too, and power does not take it away', () => {
    const bench = createBench();
    const move = (isActive: boolean) => bench.step({ type: 'input', nowMs: bench.nowMs, input: 1, isActive });
    for (const isActive of [true, false, false, true, false]) move(isActive);
    expect(bench.heard().filter(({ type }) => type === 'openings')).toEqual([
      { type: 'openings', count: 1 },
      { type: 'openings', count: 2 },
    ]);
    bench.pass(controllerTimes.silenceMs);
    for (const isActive of [true, false, true]) move(isActive);
    bench.unpower();
    move(false);
    bench.power();
    bench.take();
    const offer = bench.state.offer.toString(16).padStart(4, '0');
    bench.say({ type: 'hello', offer, nonce }, noSession, 0);
    expect(bench.heard()).toEqual([
      { type: 'welcome', maxPulseMs: 10_000, inputCount: 2, mark: null },
      { type: 'openings', count: 3 },
    ]);
  });

  it('AV7: a lost count is told again with the status of every 64th command', () => {
    const bench = createBench();
    for (let seq = 1; seq <= 128; seq += 1) bench.say({ type: 'tick' });
    expect(bench.heard().filter(({ type }) => type === 'openings')).toHaveLength(2);
  });

  it('FB63: a new session shows nothing of the one before', () => {
    const bench = createBench();
    bench.say({ type: 'signal', signal: 'alarm' });
    bench.greet();
    expect(bench.state.signal).toBe('idle');
  });

  it('FB63: granted and denied are shown for three seconds, wait and alarm until changed', () => {
    const bench = createBench();
    bench.say({ type: 'signal', signal: 'granted' });
    bench.live(2500);
    expect(bench.state.signal).toBe('granted');
    bench.live(500);
    expect(bench.state.signal).toBe('idle');
    bench.say({ type: 'signal', signal: 'alarm' });
    bench.live(60_000);
    expect(bench.state.signal).toBe('alarm');
  });
});
