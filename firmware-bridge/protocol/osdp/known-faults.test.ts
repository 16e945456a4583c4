import { createCipheriv, createDecipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createAes128 } from './aes-128.ts';
import type { BusEvent } from './bus.ts';
import { parsePairedKey, type PairedKey } from './channel-key.ts';
import { commandTypeOf } from './commands.ts';
import { isSealedType } from './frame.ts';
import { fromHex, toHex } from './hex.ts';
import type { LinkConfig } from './link-state.ts';
import type { Fault, PlannedFault } from './peripheral/faults.ts';
import { usualPeripheral, type PeripheralConfig } from './peripheral/peripheral-state.ts';
import {
  createSimulatedLine,
  pulse,
  type SimulatedLine,
  type SimulatedLineConfig,
} from './testing/simulated-line.ts';

const aes = createAes128({ createCipheriv, createDecipheriv });
const keyOf = (hex: string): PairedKey => {
  const key = parsePairedKey(fromHex(hex));
  if (!key.ok) throw new Error(key.error);
  return key.value;
};
const KEY = keyOf('101112131415161718191a1b1c1d1e1f');
const OTHER_KEY = keyOf('202122232425262728292a2b2c2d2e2f');
const CARD = fromHex('bdd93740');
const OTHER_CARD = fromHex('80800080');

const device = (config: Partial<PeripheralConfig> = {}): PeripheralConfig => ({
  ...usualPeripheral,
  key: KEY,
  ...config,
});
const paired: LinkConfig = { address: 1, security: { mode: 'paired', key: KEY } };
const clear: LinkConfig = { address: 1, security: { mode: 'clear' } };
const lineOf = (config: Partial<SimulatedLineConfig> = {}): SimulatedLine =>
  createSimulatedLine({ aes, links: [paired], devices: [device()], ...config });
/** A line whose devices are online and have nothing to tell. */
function onlineLine(config: Partial<SimulatedLineConfig> = {}): SimulatedLine {
  const line = lineOf(config);
  line.run(2000);
  expect(kinds(line, 'online').length).toBeGreaterThan(0);
  return line;
}
const plan = (fault: Fault, times = 1, on: PlannedFault['on'] = 'any') =>
  ({ type: 'faults-planned', faults: [{ fault, on, times }] }) as const;
const present = (bits: Uint8Array) => ({ type: 'card-presented', bitCount: 26, bits }) as const;

const kinds = <T extends BusEvent['type']>(line: SimulatedLine, type: T, address?: number) =>
  line.events.filter(
    (event): event is Extract<BusEvent, { readonly type: T }> & { readonly atMs: number } =>
      event.type === type && (address === undefined || !('address' in event) || event.address === address),
  );
const cards = (line: SimulatedLine, address?: number): string[] =>
  kinds(line, 'card-read', address).map(({ bits }) => toHex(bits));
const diagnostics = (line: SimulatedLine): string[] =>
  kinds(line, 'diagnosed').map(({ diagnostic }) => diagnostic);
const hasStayedOnline = (line: SimulatedLine): boolean =>
  kinds(line, 'online').length === line.bus.links.length && kinds(line, 'offline').length === 0;

describe('a card read is delivered exactly once', () => {
  const FAULTS: readonly (readonly [string, readonly Fault[], number])[] = [
    ['nothing wrong', [], 1],
    ['noise with a false start', [{ kind: 'noise', bytes: fromHex('5380') }], 1],
    ['noise with a start that claims 60 bytes', [{ kind: 'noise', bytes: fromHex('53813c0004') }], 1],
    ['noise that means nothing', [{ kind: 'noise', bytes: fromHex('00fe53ff') }], 1],
    ['five marks', [{ kind: 'marks', count: 5 }], 1],
    ['no mark', [{ kind: 'marks', count: 0 }], 1],
    ['a reply split by 40 ms', [{ kind: 'split', at: 9, gapMs: 40 }], 1],
    ['a reply split by 60 ms, more than is allowed', [{ kind: 'split', at: 9, gapMs: 60 }], 1],
    ['a truncated reply', [{ kind: 'truncated', bytes: 12 }], 1],
    ['a bad CRC once', [{ kind: 'bad-check' }], 1],
    ['a bad CRC three times', [{ kind: 'bad-check' }], 3],
    ['a bad CRC eight times', [{ kind: 'bad-check' }], 8],
    ['a lost reply', [{ kind: 'reply-lost' }], 1],
    ['three lost replies', [{ kind: 'reply-lost' }], 3],
    ['a lost command', [{ kind: 'command-lost' }], 1],
    ['three lost commands', [{ kind: 'command-lost' }], 3],
    ['a reply twice at once', [{ kind: 'duplicated', afterMs: 0 }], 1],
    ['every reply twice', [{ kind: 'duplicated', afterMs: 0 }], 40],
    ['a reply twice, the second in the next exchange', [{ kind: 'duplicated', afterMs: 90 }], 10],
    ['a reply 300 ms late', [{ kind: 'late', byMs: 300 }], 1],
    ['every reply 300 ms late', [{ kind: 'late', byMs: 300 }], 10],
    ['BUSY twice', [{ kind: 'busy' }], 2],
    ['BUSY seven times', [{ kind: 'busy' }], 7],
    ['a length byte turned large', [{ kind: 'changed', at: 3, xor: 0x40 }], 1],
    ['its direction bit lost', [{ kind: 'changed', at: 2, xor: 0x80 }], 1],
    ['its sequence number changed', [{ kind: 'changed', at: 5, xor: 0x01 }], 1],
    [
      'noise, five marks and a gap together',
      [
        { kind: 'marks', count: 5 },
        { kind: 'noise', bytes: fromHex('5353') },
        { kind: 'split', at: 4, gapMs: 30 },
      ],
      2,
    ],
  ];
  const WAYS: readonly (readonly [string, Partial<SimulatedLineConfig>])[] = [
    ['secured', {}],
    ['in clear', { links: [clear] }],
    ['with echo', { hasEcho: true }],
    ['byte by byte', { pieceBytes: 1 }],
  ];

  it.each(WAYS.flatMap(([way, config]) => FAULTS.map((fault) => [way, fault[0], config, fault] as const)))(
    'OS51: %s, through %s',
    (_, __, config, [, faults, times]) => {
      const line = onlineLine(config);
      for (const fault of faults) line.act(plan(fault, times));
      line.act(present(CARD));
      line.run(6000);
      line.act(present(OTHER_CARD));
      line.run(1000);
      expect(cards(line)).toEqual([toHex(CARD), toHex(OTHER_CARD)]);
      expect(hasStayedOnline(line)).toBe(true);
      expect(kinds(line, 'card-read').every(({ isAfterOffline }) => !isAfterOffline)).toBe(true);
    },
  );

  it('OS51: a card presented while the reader comes back from a restart is read once, in a session of its own', () => {
    const line = onlineLine();
    line.act(plan({ kind: 'reboot' }));
    line.run(110);
    line.act(present(CARD));
    line.run(2000);
    expect(cards(line)).toEqual([toHex(CARD)]);
    expect(hasStayedOnline(line)).toBe(true);
    expect(diagnostics(line)).toEqual(['device-restarted']);
  });

  it('OS51: the same card twice is two events, and what a queue held comes in order', () => {
    const line = onlineLine();
    for (const bits of [CARD, CARD, OTHER_CARD]) line.act(present(bits));
    line.act({ type: 'keys-pressed', keys: fromHex('31320d') });
    line.run(1000);
    expect(cards(line)).toEqual([CARD, CARD, OTHER_CARD].map(toHex));
    expect(kinds(line, 'keys-pressed')).toMatchObject([{ keys: ['1', '2', 'enter'] }]);
  });

  it('OS51: a recorded card frame played back is never a second card', () => {
    const line = onlineLine();
    line.act(present(CARD));
    line.run(300);
    const recorded = line.heard.filter(({ atMs }) => atMs > 1900).map(({ bytes }) => bytes);
    for (let again = 0; again < 40; again += 1) {
      for (const bytes of recorded) line.inject(bytes);
      line.run(73);
    }
    line.run(3000);
    expect(cards(line)).toEqual([toHex(CARD)]);
  });
});

describe('a card that waited for the link is told as such', () => {
  it.each([['secured', paired] as const, ['in clear', clear] as const])(
    'OS52: %s, presented while the cable was off for 10 s',
    (_, link) => {
      const line = onlineLine({ links: [link] });
      line.act({ type: 'connected', isOn: false });
      line.run(5000);
      line.act(present(CARD));
      line.run(10_000);
      line.act({ type: 'connected', isOn: true });
      line.run(4000);
      line.act(present(OTHER_CARD));
      line.run(500);
      const [stale, fresh] = kinds(line, 'card-read');
      expect(cards(line)).toEqual([toHex(CARD), toHex(OTHER_CARD)]);
      expect(stale).toMatchObject({ isAfterOffline: true });
      expect(stale?.maxAgeMs).toBeGreaterThan(10_000);
      expect(fresh).toMatchObject({ isAfterOffline: false });
      expect(fresh?.maxAgeMs).toBeLessThan(350);
    },
  );

  it('OS52: of a reader never heard before, nobody knows how long its queue has waited', () => {
    const line = lineOf();
    line.act(present(CARD));
    line.run(2000);
    expect(kinds(line, 'card-read')).toMatchObject([{ maxAgeMs: undefined, isAfterOffline: true }]);
  });

  it('OS52: the age counts from when the queue was known to be empty, however long the repeats took', () => {
    const line = onlineLine();
    line.act(plan({ kind: 'reply-lost' }, 6));
    line.act(present(CARD));
    line.run(4000);
    const [card] = kinds(line, 'card-read');
    expect(card?.isAfterOffline).toBe(false);
    expect(card?.maxAgeMs).toBeGreaterThan((card?.atMs ?? 0) - 2000);
    expect(card?.maxAgeMs).toBeLessThan((card?.atMs ?? 0) - 1800);
  });
});

it('OS52: an empty queue is known as of when it was asked about, not of when the answer came', () => {
  const line = onlineLine();
  line.act(plan({ kind: 'reply-lost' }, 1, 'POLL'));
  const polls = line.sent.length;
  while (line.sent.length === polls) line.run(1);
  line.run(60);
  line.act(present(CARD));
  const presentedAtMs = line.nowMs;
  line.run(1000);
  const [card] = kinds(line, 'card-read');
  const ageMs = (card?.atMs ?? 0) - presentedAtMs;
  expect(ageMs).toBeGreaterThan(200);
  expect(card?.maxAgeMs).toBeGreaterThanOrEqual(ageMs);
});

describe('states', () => {
  it('OS63: after a restart of the reader the first state is no edge, whatever it was before', () => {
    const line = onlineLine();
    line.act({ type: 'input-changed', input: 0, byte: 1 });
    line.run(500);
    expect(kinds(line, 'point-changed').at(-1)).toMatchObject({
      kind: 'input',
      state: 'active',
      isInitial: false,
    });
    const fromMs = line.nowMs;
    line.act(plan({ kind: 'reboot' }));
    line.act({ type: 'input-changed', input: 0, byte: 0 });
    line.run(2000);
    const later = kinds(line, 'point-changed').filter(({ atMs, kind }) => atMs > fromMs && kind === 'input');
    expect(later).toMatchObject([
      { index: 0, state: 'inactive', isInitial: true, previous: 'active' },
      { index: 1, state: 'inactive', isInitial: true },
    ]);
  });

  it('OS63: all points are asked for again every 30 s, for readers that tell nothing by themselves', () => {
    const line = onlineLine();
    line.run(65_000);
    for (const type of ['LSTAT', 'ISTAT', 'OSTAT', 'RSTAT'])
      expect(line.commandsSince(0).filter(({ code }) => commandTypeOf(code) === type)).toHaveLength(3);
    expect(kinds(line, 'point-changed').every(({ isInitial }) => isInitial)).toBe(true);
  });
});

describe('what went wrong with others', () => {
  it('OS5: 1 - start bytes in data, keys and numbers make no reader of four flap', () => {
    const somey = fromHex('5353535353535353');
    const key = keyOf('53'.repeat(16));
    const addresses = [1, 2, 3, 0x53];
    const line = lineOf({
      baud: 38_400,
      hasEcho: true,
      links: addresses.map((address) => ({ address, security: { mode: 'paired', key } })),
      devices: addresses.map((address) =>
        device({
          address,
          key,
          clientUid: somey,
          identity: { ...usualPeripheral.identity, serial: 0x53535353 },
        }),
      ),
    });
    line.run(2000);
    for (let round = 0; round < 20; round += 1) {
      for (const address of addresses) line.act(present(fromHex('53535340')), address);
      line.run(500);
    }
    expect(hasStayedOnline(line)).toBe(true);
    for (const address of addresses) expect(cards(line, address)).toHaveLength(20);
  });

  it('OS41: 4 - a repeat has the same number and the same bytes, at once three times and then at the pace of polls', () => {
    const line = onlineLine();
    line.act(plan({ kind: 'command-lost' }, 6));
    const fromMs = line.nowMs;
    line.run(2500);
    const sent = line.sent.filter(({ atMs }) => atMs >= fromMs);
    const first = sent.findIndex(
      ({ bytes }, index) => toHex(bytes) === toHex(sent[index + 1]?.bytes ?? bytes),
    );
    const repeats = sent.slice(first, first + 7);
    expect(new Set(repeats.map(({ bytes }) => toHex(bytes))).size).toBe(1);
    const gaps = repeats.slice(1).map(({ atMs }, index) => Math.round(atMs - (repeats[index]?.atMs ?? 0)));
    expect(gaps).toEqual([246, 246, 246, 346, 346, 346]);
    expect(hasStayedOnline(line)).toBe(true);
  });

  it('OS42: numbers go 0, then 1, 2, 3, 1, 2, 3 for ever', () => {
    const line = onlineLine();
    const numbers = line.commandsSince(0).map(({ sqn }) => sqn);
    expect(numbers.slice(0, 8)).toEqual([0, 1, 2, 3, 1, 2, 3, 1]);
    expect(numbers.slice(1).every((sqn, index) => sqn === (index % 3) + 1)).toBe(true);
  });

  it('OS43: 5 - a new handshake has number 0 and a new random number, a repeated one has neither', () => {
    const line = onlineLine();
    line.act(plan({ kind: 'reboot' }));
    line.run(150);
    line.act(plan({ kind: 'command-lost' }, 2, 'CHLNG'));
    line.act(plan({ kind: 'reboot' }, 1, 'POLL'));
    line.run(3000);
    const challenges = line.commandsSince(0).filter(({ code }) => commandTypeOf(code) === 'CHLNG');
    expect(challenges.every(({ sqn }) => sqn === 0)).toBe(true);
    const randoms = challenges.map(({ data }) => toHex(data));
    expect(challenges).toHaveLength(5);
    expect(new Set(randoms).size).toBe(3);
    expect(new Set(randoms.slice(2)).size).toBe(1);
  });

  it('OS45: 6, 7, 12 - BUSY changes nothing, not in the handshake and not inside the session', () => {
    const line = lineOf();
    for (const on of ['CHLNG', 'SCRYPT', 'ID', 'CAP', 'LSTAT', 'POLL'] as const)
      line.act(plan({ kind: 'busy' }, 4, on));
    line.run(6000);
    const commands = line.commandsSince(0);
    for (const on of ['CHLNG', 'SCRYPT', 'ID', 'CAP', 'LSTAT'] as const) {
      const same = commands.filter(({ code }) => commandTypeOf(code) === on);
      expect(same).toHaveLength(5);
      expect(new Set(same.map(({ bytes }) => toHex(bytes))).size).toBe(1);
    }
    expect(hasStayedOnline(line)).toBe(true);
    expect(diagnostics(line)).toEqual([]);
  });

  it('OS45: a BUSY that never ends is no sign of life', () => {
    const line = onlineLine();
    line.act(plan({ kind: 'busy' }, 1000));
    line.run(8200);
    expect(kinds(line, 'offline')).toMatchObject([{ reason: 'silent' }]);
  });

  it('OS44: 8 - a reply later than the wait is matched by number and never taken for the next one', () => {
    const line = onlineLine();
    line.act(plan({ kind: 'late', byMs: 260 }, 30));
    for (let round = 0; round < 5; round += 1) {
      line.act(present(CARD));
      line.act(present(OTHER_CARD));
      line.run(3000);
    }
    expect(cards(line)).toEqual(Array.from({ length: 5 }, () => [toHex(CARD), toHex(OTHER_CARD)]).flat());
    expect(hasStayedOnline(line)).toBe(true);
    expect(diagnostics(line)).toContain('late-reply');
  });

  it('OS44: a reply that comes twice, the first time at number 0, is no restart', () => {
    const line = lineOf();
    line.act(plan({ kind: 'duplicated', afterMs: 0 }, 30));
    line.run(3000);
    expect(hasStayedOnline(line)).toBe(true);
    expect(new Set(diagnostics(line))).toEqual(new Set(['late-reply']));
  });

  it('OS44: an older reply is never taken for the one that is waited for, not even in clear', () => {
    const line = onlineLine({ links: [clear] });
    line.act(present(CARD));
    line.run(150);
    const card = line.heard.findLast(({ bytes }) => bytes[6] === 0x50)?.bytes ?? new Uint8Array(0);
    const sqn = (card[5] ?? 0) & 3;
    let injected = 0;
    for (let step = 0; step < 2000; step += 1) {
      line.run(1);
      const exchange = line.bus.links[0]?.exchange;
      if (!exchange?.isInFlight || exchange.sqn === sqn) continue;
      line.inject(card);
      injected += 1;
    }
    expect(injected).toBeGreaterThan(100);
    expect(cards(line)).toEqual([toHex(CARD)]);
    expect(hasStayedOnline(line)).toBe(true);
  });

  it('OS48: a no in clear is no sign of life where there is a key', () => {
    const line = onlineLine();
    line.act({ type: 'connected', isOn: false });
    for (let step = 0; step < 9000; step += 1) {
      line.run(1);
      const exchange = line.bus.links[0]?.exchange;
      if (exchange?.isInFlight) line.inject(forged('5381000004 4103', exchange.sqn));
    }
    expect(kinds(line, 'offline')).not.toEqual([]);
  });

  it('OS48: 9 - lost replies for less than 8 s are no reason to go offline, 8 s are', () => {
    const line = onlineLine();
    line.act({ type: 'connected', isOn: false });
    line.run(7700);
    expect(hasStayedOnline(line)).toBe(true);
    line.act({ type: 'connected', isOn: true });
    line.run(2000);
    expect(hasStayedOnline(line)).toBe(true);
    line.act({ type: 'connected', isOn: false });
    line.run(8500);
    expect(kinds(line, 'offline')).toMatchObject([{ reason: 'silent' }]);
  });

  it('OS49: 10, 18 - an offline reader is asked every 1 to 2 s, by a challenge and by nothing in clear', () => {
    const line = onlineLine();
    line.act({ type: 'powered', isOn: false });
    line.run(9000);
    const fromMs = line.nowMs;
    line.run(30_000);
    const probes = line.sent.filter(({ atMs }) => atMs >= fromMs);
    const gaps = probes.slice(1).map(({ atMs }, index) => atMs - (probes[index]?.atMs ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(2000);
    expect(
      line.commandsSince(fromMs).every(({ code, sqn }) => commandTypeOf(code) === 'CHLNG' && sqn === 0),
    ).toBe(true);
    const backAtMs = line.nowMs;
    line.act({ type: 'powered', isOn: true });
    line.run(3000);
    const again = kinds(line, 'online').at(-1);
    expect(again).toMatchObject({ isSecure: true });
    expect((again?.atMs ?? 0) - backAtMs).toBeLessThan(2000);
    // All that was ever said in clear is the handshake.
    for (const { security, code } of line.commandsSince(0))
      expect(isSealedType(security?.type ?? 0) || ['CHLNG', 'SCRYPT'].includes(commandTypeOf(code))).toBe(
        true,
      );
  });

  it.each([2, 3, 9, 0, 0xff, 7])('OS46: 11 - NAK %i to OUT fails that command and nothing else', (reason) => {
    const line = onlineLine();
    line.act(plan({ kind: 'nak', reason }, 1, 'OUT'));
    line.request('first', pulse(3000));
    line.run(300);
    line.request('second', pulse(3000));
    line.run(300);
    expect(kinds(line, 'request-finished')).toMatchObject([
      { id: 'first', outcome: { kind: 'declined', reason, isVerified: true } },
      { id: 'second', outcome: { kind: 'acknowledged' } },
    ]);
    expect(hasStayedOnline(line)).toBe(true);
    expect(diagnostics(line)).toEqual([]);
  });

  it('OS46: NAK 4 starts over at 0, NAK 5 and 6 drop the session, NAK 1 repeats', () => {
    for (const [reason, expected] of [
      [4, 'device-restarted'],
      [5, 'untrusted-reply'],
      [6, 'untrusted-reply'],
      [1, 'damaged-command'],
    ] as const) {
      const line = onlineLine();
      const fromMs = line.nowMs;
      line.act(plan({ kind: 'nak', reason }, 1, 'POLL'));
      line.run(1500);
      line.act(present(CARD));
      line.run(500);
      expect(diagnostics(line)).toEqual([expected]);
      expect(cards(line)).toEqual([toHex(CARD)]);
      expect(hasStayedOnline(line)).toBe(true);
      const hasChallenged = line.commandsSince(fromMs).some(({ code }) => commandTypeOf(code) === 'CHLNG');
      expect(hasChallenged).toBe(reason !== 1);
    }
  });

  it('OS26: 13 - a status in clear inside the session ends the session and tells nothing', () => {
    for (const hex of ['53811000 0d 02 15 4a 0100', '538110000d 0216 4a 0100', '53810a0005 4a 0100']) {
      const line = onlineLine();
      line.act({ type: 'connected', isOn: false });
      line.run(95);
      const sqn = line.commandsSince(0).at(-1)?.sqn ?? 0;
      line.inject(forged(hex, sqn));
      expect(diagnostics(line)).toEqual(['untrusted-reply']);
      expect(kinds(line, 'point-changed').filter(({ state }) => state === 'active')).toEqual([]);
    }
  });

  it('OS26: 13 - a card or key in clear never counts where there is a key', () => {
    for (const code of [
      '50 00011a00bdd93740',
      '53 0005313233340d',
      '49 0001',
      '40',
      '45 eeffc09901040302010a0b0c',
    ]) {
      const line = onlineLine();
      line.act({ type: 'connected', isOn: false });
      line.run(95);
      const told = line.events.length;
      const sqn = line.commandsSince(0).at(-1)?.sqn ?? 0;
      line.inject(forged(`5381000005 ${code}`, sqn));
      expect(line.events.slice(told)).toMatchObject([{ type: 'diagnosed', diagnostic: 'untrusted-reply' }]);
    }
  });

  it('OS28: 15 - a handshake with the wrong key is told as that and tried again after 1, 2, 4 .. 60 s', () => {
    const line = lineOf({ devices: [device({ key: OTHER_KEY })] });
    line.run(240_000);
    expect(kinds(line, 'offline')).toMatchObject([{ reason: 'wrong-key' }]);
    expect(kinds(line, 'online')).toEqual([]);
    const atMs = line.sent.map((one) => one.atMs);
    const gaps = atMs.slice(1).map((one, index) => Math.round((one - (atMs[index] ?? 0)) / 1000));
    expect(gaps).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    expect(line.commandsSince(0).every(({ code }) => commandTypeOf(code) === 'CHLNG')).toBe(true);
  });

  it('OS47: 16 - a reader that lost its state is started over, whatever number it answers with', () => {
    const line = onlineLine();
    const fromMs = line.nowMs;
    line.act({ type: 'connected', isOn: false });
    line.run(95);
    line.inject(forged('5381000004 40', 0));
    line.act({ type: 'connected', isOn: true });
    line.run(2000);
    expect(line.commandsSince(fromMs).some(({ code }) => commandTypeOf(code) === 'CHLNG')).toBe(true);
    expect(diagnostics(line)).toContain('device-restarted');
    expect(hasStayedOnline(line)).toBe(true);
  });

  it('OS73: 17 - a reader that restarts resets no other one', () => {
    const line = onlineLine({
      links: [1, 2].map((address) => ({ ...paired, address })),
      devices: [1, 2].map((address) => device({ address })),
    });
    const fromMs = line.nowMs;
    line.act({ type: 'powered', isOn: false }, 2);
    line.run(1000);
    line.act({ type: 'powered', isOn: true }, 2);
    line.act(present(CARD), 1);
    line.run(2000);
    const toFirst = line.commandsSince(fromMs).filter(({ address }) => address === 1);
    expect(toFirst.every(({ code }) => commandTypeOf(code) === 'POLL')).toBe(true);
    expect(cards(line, 1)).toEqual([toHex(CARD)]);
    expect(hasStayedOnline(line)).toBe(true);
  });

  it('OS29: 22 - a reader met in install mode is an alarm; it is never given a key by itself', () => {
    for (const config of [
      { key: undefined, isInInstallMode: true },
      { key: fromHex('303132333435363738393a3b3c3d3e3f') },
    ]) {
      const line = lineOf({ devices: [device(config)] });
      line.act(present(CARD));
      line.run(60_000);
      expect(kinds(line, 'install-mode-met')).toHaveLength(1);
      expect(kinds(line, 'offline')).toMatchObject([{ reason: 'known-key' }]);
      expect(cards(line)).toEqual([]);
      expect(line.commandsSince(0).map(({ code }) => commandTypeOf(code))).not.toContain('KEYSET');
      expect(line.seen).toEqual([]);
    }
  });

  it('OS40: a link with a key never speaks to a device that has no secure channel', () => {
    const line = lineOf({ devices: [device({ hasSecurity: false })] });
    line.act(present(CARD));
    line.run(20_000);
    expect(kinds(line, 'offline')).toMatchObject([{ reason: 'refused' }]);
    expect(cards(line)).toEqual([]);
    expect(line.commandsSince(0).every(({ code }) => commandTypeOf(code) === 'CHLNG')).toBe(true);
  });

  it('OS54: a session that is lost again and again takes the link offline instead of turning in circles', () => {
    const line = onlineLine();
    line.act(plan({ kind: 'nak', reason: 6 }, 1000, 'LSTAT'));
    line.act(plan({ kind: 'nak', reason: 6 }, 1, 'POLL'));
    line.run(40_000);
    expect(new Set(kinds(line, 'offline').map(({ reason }) => reason))).toEqual(new Set(['unstable']));
    expect(kinds(line, 'offline').length).toBeLessThan(5);
    expect(line.sent.length).toBeLessThan(150);
  });

  it('OS53: a device that knows only checksums is found, and so is one that asks for them', () => {
    const checksumOnly = device({ capabilities: [{ function: 2, compliance: 4, count: 1 }] });
    const line = createSimulatedLine({ aes, links: [clear], devices: [checksumOnly] });
    line.act(plan({ kind: 'command-lost' }, 2));
    line.run(8000);
    expect(kinds(line, 'online')).toHaveLength(1);
    expect(line.commandsSince(7000).every(({ check }) => check === 'checksum')).toBe(true);
    const asking = onlineLine();
    asking.act(plan({ kind: 'nak', reason: 1 }, 4, 'POLL'));
    asking.run(3000);
    expect(hasStayedOnline(asking)).toBe(true);
    expect(asking.commandsSince(4500).every(({ check }) => check === 'checksum')).toBe(true);
  });

  it('OS53: a device found by its checksum that knows CRC is spoken to with CRC', () => {
    const line = lineOf();
    line.act(plan({ kind: 'command-lost' }, 2));
    line.run(6000);
    expect(kinds(line, 'online')).toHaveLength(1);
    expect(line.commandsSince(5000).every(({ check }) => check === 'crc')).toBe(true);
  });
});

describe('the port', () => {
  it('OS71: unplugged and plugged in again, everything starts over; nothing is sent in between', () => {
    const line = onlineLine();
    line.close();
    const fromMs = line.nowMs;
    line.act(present(CARD));
    line.run(20_000);
    expect(line.commandsSince(fromMs)).toEqual([]);
    expect(line.bus.links.map(({ state }) => state)).toEqual(['offline']);
    line.open();
    line.run(2500);
    expect(line.commandsSince(fromMs)[0]).toMatchObject({ sqn: 0 });
    expect(kinds(line, 'offline')).toMatchObject([{ reason: 'unplugged' }]);
    expect(kinds(line, 'online')).toHaveLength(2);
    expect(kinds(line, 'card-read')).toMatchObject([{ isAfterOffline: true }]);
  });
});

/** A reply in CRC with the number given, its length filled in. */
function forged(hex: string, sqn: number): Uint8Array {
  const head = fromHex(hex);
  const isSealed = (head[4] ?? 0) & 0x08;
  const body = new Uint8Array(head.length + (isSealed ? 4 : 0));
  body.set(head);
  body[2] = body.length + 2;
  body[4] = ((head[4] ?? 0) & ~3) | sqn;
  let crc = 0x1d0f;
  for (const byte of body) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return Uint8Array.from([...body, crc & 0xff, crc >> 8]);
}
