import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createController,
  stepController,
  type ControllerInput,
  type ControllerState,
} from '../../firmware-bridge/protocol/line/door-controller.ts';
import { encodeHostLine, noSession, parseControllerLine } from '../../firmware-bridge/protocol/line/line.ts';
import {
  keys,
  readerSignals,
  type ControllerMessage,
  type HostMessage,
} from '../../firmware-bridge/protocol/line/message.ts';
import { buildCore, whyNoAvr } from './avr-build.ts';

const whyNot = whyNoAvr('suites/avr-core');

let outDir = '';
let driver = '';

/** Plays commands on the core and returns what it did after each. */
function playCore(commands: readonly string[]): string[][] {
  const played = spawnSync(driver, { input: `${commands.join('\n')}\n`, encoding: 'latin1' });
  if (played.status !== 0) throw new Error(`the core ended with ${played.status}: ${played.stderr}`);
  return played.stdout
    .split(/^\.\n/m)
    .slice(0, -1)
    .map((part) => part.split('\n').filter((line) => line !== ''));
}

const hexOf = (text: string): string => Buffer.from(text, 'latin1').toString('hex');

const messagesIn = (lines: readonly string[]): ControllerMessage[] =>
  lines
    .filter((line) => line.startsWith('send '))
    .flatMap((line) => {
      const parsed = parseControllerLine(line.slice(5));
      return parsed.ok ? [parsed.value.message] : [];
    });

/** What a test does to both, in words that do not depend on what went before. */
type Act =
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'hello'; readonly isStale: boolean; readonly nonce: number }
  | {
      readonly type: 'say';
      readonly message: HostMessage;
      readonly step: number;
      readonly isForeign: boolean;
      /** A byte of the line that becomes another; null for none. */
      readonly damage: { readonly at: number; readonly value: number } | null;
      readonly pauseMs: number;
    }
  | { readonly type: 'noise'; readonly bytes: Uint8Array }
  | { readonly type: 'input'; readonly input: number; readonly isActive: boolean }
  | { readonly type: 'tamper'; readonly isActive: boolean }
  | { readonly type: 'key'; readonly index: number }
  | { readonly type: 'card'; readonly bits: string }
  | { readonly type: 'power'; readonly isOn: boolean };

const mark = fc.option(fc.record({ epoch: fc.nat(3), sq: fc.nat(6) }), { nil: null });
const message: fc.Arbitrary<HostMessage> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<HostMessage>({ type: 'query' }) },
  { weight: 4, arbitrary: fc.constant<HostMessage>({ type: 'tick' }) },
  { weight: 1, arbitrary: fc.constant<HostMessage>({ type: 'secure' }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...readerSignals).map((signal): HostMessage => ({ type: 'signal', signal })),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('pulse' as const),
      output: fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 7, 8),
      durationMs: fc.oneof(
        fc.constantFrom(0, 99, 100, 5000, 9999, 10_000, 10_001, 2 ** 32 - 1, 2 ** 32),
        fc.integer({ min: 100, max: 3000 }),
      ),
      id: fc.constantFrom('a', 'b', 'c', '01890a5d-ac96-774b-bcce-b302099a8057', '~!+)', 'x'.repeat(37)),
      mark,
    }),
  },
);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.oneof(fc.nat(400), fc.nat(3500)) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('hello' as const),
      isStale: fc.nat(5).map((n) => n === 0),
      nonce: fc.nat(0xffff),
    }),
  },
  {
    weight: 14,
    arbitrary: fc.record({
      type: fc.constant('say' as const),
      message,
      step: fc.constantFrom(1, 1, 1, 1, 1, 2, 62, 0, -1),
      isForeign: fc.nat(12).map((n) => n === 0),
      damage: fc.option(fc.record({ at: fc.nat(95), value: fc.nat(255) }), { nil: null, freq: 8 }),
      pauseMs: fc.constantFrom(0, 0, 0, 249, 250),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('noise' as const),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 200 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('input' as const), input: fc.nat(1), isActive: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('tamper' as const), isActive: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('key' as const), index: fc.nat(11) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('card' as const),
      bits: fc
        .constantFrom(26, 34, 37, 64)
        .chain((length) =>
          fc
            .array(fc.constantFrom('0', '1'), { minLength: length, maxLength: length })
            .map((all) => all.join('')),
        ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('power' as const), isOn: fc.boolean() }) },
);

/** Plays acts on the model; what it did, and the commands that ask the same of the core. */
function playModel(acts: readonly Act[]): { readonly commands: string[]; readonly effects: string[][] } {
  let state: ControllerState = createController({ maxPulseMs: 10_000, inputCount: 2 });
  let nowMs = 1000;
  let seq = 0;
  let session = noSession;
  const commands: string[] = ['new'];
  const effects: string[][] = [[]];

  const step = (command: string, input: ControllerInput): void => {
    const stepped = stepController(state, input);
    state = stepped.state;
    commands.push(command);
    effects.push(
      stepped.effects.flatMap((effect) => {
        if (effect.type === 'send') return [`send ${effect.line.trimEnd()}`];
        if (effect.type === 'relay') return [`relay ${effect.isReleased ? 1 : 0}`];
        return effect.type === 'signal' ? [`signal ${effect.signal}`] : [];
      }),
    );
  };
  const pass = (ms: number): void => {
    nowMs += ms;
    step(`elapse ${nowMs}`, { type: 'elapsed', nowMs });
  };
  const hear = (bytes: Uint8Array): void => {
    if (bytes.length === 0) return;
    step(`bytes ${nowMs} ${Buffer.from(bytes).toString('hex')}`, { type: 'bytes', nowMs, bytes });
  };
  const hello = (isStale: boolean, nonce: number): void => {
    const offer = ((state.offer - (isStale ? 1 : 0)) & 0xffff).toString(16).padStart(4, '0');
    const own = nonce.toString(16).padStart(4, '0');
    hear(
      Buffer.from(
        encodeHostLine({ session: noSession, seq: 0, message: { type: 'hello', offer, nonce: own } }),
      ),
    );
    if (isStale) return;
    session = offer + own;
    seq = 0;
  };
  const say = (said: Extract<Act, { type: 'say' }>): void => {
    seq = Math.max(0, seq + said.step);
    const line = { session: said.isForeign ? '0badf00d' : session, seq, message: said.message };
    const bytes = Buffer.from(encodeHostLine(line), 'latin1');
    if (said.damage !== null) bytes[said.damage.at % bytes.length] = said.damage.value;
    const cut = said.pauseMs === 0 ? bytes.length : 9;
    hear(bytes.subarray(0, cut));
    if (said.pauseMs > 0) pass(said.pauseMs);
    hear(bytes.subarray(cut));
  };

  step('power 1000', { type: 'powered', nowMs, entropy: 0 });
  hello(false, 0x17c2);
  for (const next of acts) {
    if (next.type !== 'wait') pass(0);
    switch (next.type) {
      case 'wait':
        pass(next.ms);
        break;
      case 'hello':
        hello(next.isStale, next.nonce);
        break;
      case 'say':
        say(next);
        break;
      case 'noise':
        hear(next.bytes);
        break;
      case 'input':
        step(`input ${nowMs} ${next.input} ${Number(next.isActive)}`, { ...next, nowMs });
        break;
      case 'tamper':
        step(`tamper ${nowMs} ${Number(next.isActive)}`, { ...next, nowMs });
        break;
      case 'key':
        step(`frame ${nowMs} 0 ${next.index.toString(2).padStart(4, '0')}`, {
          type: 'key',
          nowMs,
          key: keys[next.index] ?? 'clear',
        });
        break;
      case 'card': {
        const { bits } = next;
        const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0');
        const data = (padded.match(/.{8}/g) ?? [])
          .map((byte) => Number.parseInt(byte, 2).toString(16).padStart(2, '0').toUpperCase())
          .join('');
        step(`frame ${nowMs} 0 ${bits}`, { type: 'card', nowMs, bitCount: bits.length, data });
        break;
      }
      case 'power':
        if (next.isOn) step(`power ${nowMs}`, { type: 'powered', nowMs, entropy: 0 });
        else step(`unpower ${nowMs}`, { type: 'unpowered', nowMs });
        break;
    }
  }
  return { commands, effects };
}

/** Commands that open a session with a core whose next offer is known, then say things in it. */
function sessionOf(offer: number, nowMs: number) {
  const text = offer.toString(16).padStart(4, '0');
  let seq = 0;
  const say = (line: Parameters<typeof encodeHostLine>[0], atMs = nowMs): string =>
    `bytes ${atMs} ${hexOf(encodeHostLine(line))}`;
  return {
    hello: say({ session: noSession, seq: 0, message: { type: 'hello', offer: text, nonce: '17c2' } }),
    pulse: (id: string, epoch: number, sq: number, atMs = nowMs) =>
      say(
        {
          session: `${text}17c2`,
          seq: (seq += 1),
          message: { type: 'pulse', output: 0, durationMs: 100, id, mark: { epoch, sq } },
        },
        atMs,
      ),
  };
}

describe('the core of the door firmware, compiled for this machine', () => {
  beforeAll(() => {
    if (whyNot !== null) return;
    outDir = mkdtempSync(join(tmpdir(), 'avr-core-'));
    driver = buildCore(outDir);
  }, 60_000);
  afterAll(() => {
    if (outDir !== '') rmSync(outDir, { recursive: true, force: true });
  });
  beforeEach((context) => {
    if (whyNot !== null) context.skip(whyNot);
  });

  it('AV1: it does byte for byte what the model does, whatever is said, damaged, touched and unplugged', () => {
    fc.assert(
      fc.property(fc.array(act, { minLength: 1, maxLength: 120, size: 'max' }), (acts) => {
        const { commands, effects } = playModel(acts);
        expect(playCore(commands)).toEqual(effects);
      }),
      { seed: 328, numRuns: 150 },
    );
  }, 60_000);

  it('AV1: the sequences of the comparison reach every message and every refusal', () => {
    const seen = new Set<string>();
    for (const acts of fc.sample(fc.array(act, { minLength: 60, maxLength: 120, size: 'max' }), {
      seed: 328,
      numRuns: 60,
    })) {
      for (const told of messagesIn(playModel(acts).effects.flat()))
        seen.add(told.type === 'refused' ? told.reason : told.type === 'output' ? told.cause : told.type);
    }
    const messages = 'card done input key offer openings status tamper welcome';
    const refused = 'duration old output ratchet session';
    const causes = 'ended pulse secured silence';
    expect([...seen].toSorted()).toEqual(`${messages} ${refused} ${causes}`.split(' ').toSorted());
  });

  /** Plays what `commandsFor` asks with power cut before each write in turn, until there is none left to cut. */
  function cutEachWrite(
    commandsFor: (cut: string) => readonly string[],
    check: (played: string[][], cutAt: number) => void,
  ): number {
    for (let writes = 0; ; writes += 1) {
      const played = playCore(commandsFor(`cut ${writes}`));
      const cutAt = played.findIndex((lines) => lines.includes('cut'));
      if (cutAt === -1) return writes;
      check(played, cutAt);
    }
  }

  it('AV2: power that goes at any moment of keeping a pulse leaves the ratchet as it was, and the relay too', () => {
    const cuts = cutEachWrite(
      (cut) => {
        // Enough pulses to go around the ring, so that old records lie under the new one.
        const before = sessionOf(1, 0);
        const commands = ['new', 'power 0', before.hello];
        for (let sq = 1; sq <= 30; sq += 1)
          commands.push(before.pulse(`id-${sq}`, 1, sq, sq * 100), `elapse ${sq * 100 + 100}`);
        commands.push(cut, before.pulse('id-31', 1, 31, 3100), 'power 4000');
        const after = sessionOf(3, 4000);
        return [...commands, after.hello, after.pulse('id-30', 1, 30), after.pulse('id-29', 1, 29)];
      },
      (played, cutAt) => {
        expect(played[cutAt]).toEqual(['cut']);
        const told = messagesIn(played.slice(cutAt).flat());
        expect(told.find(({ type }) => type === 'welcome')).toMatchObject({ mark: { epoch: 1, sq: 30 } });
        expect(played.slice(cutAt).flat()).not.toContain('relay 1');
      },
    );
    expect(cuts).toBeGreaterThan(12);
  });

  it('AV2: power that goes while the first record of a new board is written leaves a new board', () => {
    const cuts = cutEachWrite(
      (cut) => {
        const host = sessionOf(1, 0);
        const again = sessionOf(3, 10);
        const first = ['new', 'power 0', host.hello, cut, host.pulse('a', 1, 1)];
        return [...first, 'power 10', again.hello, again.pulse('a', 1, 1)];
      },
      (played) => {
        const welcomes = messagesIn(played.flat()).filter(({ type }) => type === 'welcome');
        expect(welcomes).toMatchObject([{ mark: null }, { mark: null }]);
        expect(played.at(-1)).toContain('relay 1');
      },
    );
    expect(cuts).toBeGreaterThan(20);
  });

  it('AV2: no offer comes twice when power goes while it is kept', () => {
    const cuts = cutEachWrite(
      (cut) => ['new', 'power 0', cut, sessionOf(1, 0).hello, 'power 10'],
      (played) => {
        const offers = messagesIn(played.flat()).flatMap((told) =>
          told.type === 'offer' ? [told.offer] : [],
        );
        expect(new Set(offers).size).toBe(2);
      },
    );
    expect(cuts).toBeGreaterThan(8);
  });

  it('AV3: the wear of pulses and of openings is spread over the whole of their rings', () => {
    const host = sessionOf(1, 0);
    const commands = ['new', 'power 0', host.hello];
    for (let sq = 1; sq <= 240; sq += 1) {
      const atMs = sq * 100;
      commands.push(`elapse ${atMs}`, host.pulse(`id-${sq}`, 1, sq, atMs));
      commands.push(`input ${atMs} 1 1`, `input ${atMs} 1 0`);
    }
    const [wear = ''] = playCore([...commands, 'wear']).at(-1) ?? [];
    // 240 pulses over 24 places are 10 each; the state byte changes twice for each, but once on a new board.
    expect(wear).toBe('wear 19');
  });

  it('AV4: a worn place is passed over, and when no place holds a pulse it is refused', () => {
    const host = sessionOf(1, 0);
    const place = 25;
    const one = playCore([
      'new',
      'worn 10',
      'power 0',
      host.hello,
      host.pulse('a', 1, 1),
      'unpower 200',
      'power 200',
      sessionOf(3, 200).hello,
    ]);
    expect(one.flat()).toContain('relay 1');
    expect(messagesIn(one.flat()).at(-2)).toMatchObject({ mark: { epoch: 1, sq: 1 } });
    const worn = [0, 1, 2].map((index) => `worn ${10 + index * place}`);
    const three = playCore([
      'new',
      ...worn,
      'power 0',
      sessionOf(1, 0).hello,
      sessionOf(1, 0).pulse('a', 1, 1),
    ]);
    expect(three.flat()).not.toContain('relay 1');
    expect(messagesIn(three.flat()).at(-1)).toMatchObject({ type: 'refused', reason: 'ratchet' });
  });

  it('AV5: a ratchet of which nothing can be read refuses every pulse until it is reset by hand', () => {
    const host = sessionOf(1, 0);
    const again = sessionOf(3, 1000);
    const spoiled = Array.from({ length: 24 }, (_, place) => `cell ${place * 25 + 7} 90`);
    const before = [
      'new',
      'power 0',
      host.hello,
      host.pulse('a', 1, 1),
      host.pulse('b', 1, 2),
      'unpower 500',
    ];
    const after = ['power 1000', again.hello, again.pulse('c', 4_294_967_295, 4_294_967_294)];
    const played = playCore([...before, ...spoiled, ...after, 'forget', again.pulse('d', 1, 1)]);
    expect(messagesIn(played.at(-4) ?? []).at(0)).toMatchObject({
      mark: { epoch: 4_294_967_295, sq: 4_294_967_295 },
    });
    expect(messagesIn(played.at(-3) ?? [])).toMatchObject([{ type: 'refused', reason: 'ratchet' }]);
    expect(played.at(-1)).toContain('relay 1');
  });

  it('AV6: the length and the check of a frame make it a key or a card', () => {
    const host = sessionOf(1, 0);
    const told = (bits: string): ControllerMessage | undefined =>
      messagesIn(playCore(['new', 'power 0', host.hello, `frame 0 1 ${bits}`]).at(-1) ?? [])[0];
    for (const [index, key] of keys.entries()) {
      const four = index.toString(2).padStart(4, '0');
      const six = `${oddness(four.slice(0, 2))}${four}${1 - oddness(four.slice(2))}`;
      const eight = (15 - index).toString(2).padStart(4, '0') + four;
      for (const bits of [four, six, eight]) expect(told(bits)).toEqual({ type: 'key', key });
    }
    // Damage goes to the host as what it is, which counts it; no key is guessed.
    expect(told('1100')).toEqual({ type: 'card', reader: 1, bitCount: 4, data: 'C0' });
    expect(told('00001')).toEqual({ type: 'card', reader: 1, bitCount: 5, data: '08' });
    expect(told('11110001')).toEqual({ type: 'card', reader: 1, bitCount: 8, data: 'F1' });
    expect(told('100001')).toEqual({ type: 'card', reader: 1, bitCount: 6, data: '84' });
    expect(told('00111101100111001011100101')).toEqual({
      type: 'card',
      reader: 1,
      bitCount: 26,
      data: '3D9CB940',
    });
    expect(told('1'.repeat(64))).toEqual({ type: 'card', reader: 1, bitCount: 64, data: 'F'.repeat(16) });
    expect(told('1'.repeat(65))).toEqual({ type: 'card', reader: 1, bitCount: 1, data: '00' });
    expect(told('1'.repeat(300))).toEqual({ type: 'card', reader: 1, bitCount: 1, data: '00' });
  });
});

const oddness = (bits: string): number => (bits.split('1').length - 1) % 2;
