import { createCipheriv, createDecipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createAes128 } from './aes-128.ts';
import type { BusEvent } from './bus.ts';
import { allZeroKey, defaultKey, parsePairedKey, type PairedKey } from './channel-key.ts';
import { commandTypeOf, type OutputControl } from './commands.ts';
import { fromHex, toHex } from './hex.ts';
import type { RequestOutcome } from './link-event.ts';
import type { RequestableCommand } from './link-state.ts';
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
const NEW_KEY = keyOf('202122232425262728292a2b2c2d2e2f');
const device = (config: Partial<PeripheralConfig> = {}): PeripheralConfig => ({
  ...usualPeripheral,
  key: KEY,
  ...config,
});

function onlineLine(config: Partial<SimulatedLineConfig> = {}): SimulatedLine {
  const line = createSimulatedLine({
    aes,
    links: [{ address: 1, security: { mode: 'paired', key: KEY } }],
    devices: [device()],
    ...config,
  });
  line.run(2000);
  return line;
}
const plan = (fault: Fault, times = 1, on: PlannedFault['on'] = 'any') =>
  ({ type: 'faults-planned', faults: [{ fault, on, times }] }) as const;
const kinds = <T extends BusEvent['type']>(line: SimulatedLine, type: T) =>
  line.events.filter(
    (event): event is Extract<BusEvent, { readonly type: T }> & { readonly atMs: number } =>
      event.type === type,
  );
const outcomes = (line: SimulatedLine): Record<string, RequestOutcome> => {
  const finished = kinds(line, 'request-finished');
  // Every request is answered once and only once.
  expect(new Set(finished.map(({ id }) => id)).size).toBe(finished.length);
  return Object.fromEntries(finished.map(({ id, outcome }) => [id, outcome]));
};
const releases = (line: SimulatedLine): number =>
  line.seen.filter((event) => event.type === 'output-switched' && event.isOn).length;
const executed = (line: SimulatedLine): string[] =>
  line.seen.flatMap((event) => (event.type === 'executed' ? [event.command.type] : []));

describe('a request is carried out at most once, and answered once', () => {
  it('OS57: the device ends the pulse by itself', () => {
    const line = onlineLine();
    line.request('unlock', pulse(3000));
    line.run(4000);
    expect(outcomes(line)).toEqual({ unlock: { kind: 'acknowledged', reply: { type: 'ACK' } } });
    const [on, off] = line.seen.filter((event) => event.type === 'output-switched');
    expect([on?.isOn, off?.isOn]).toEqual([true, false]);
    expect((off?.atMs ?? 0) - (on?.atMs ?? 0)).toBeCloseTo(3000, 3);
  });

  it('OS57: a device that answers with its outputs has acknowledged', () => {
    const line = onlineLine({ devices: [device({ answersOutWithStatus: true })] });
    line.request('unlock', pulse(3000));
    line.run(300);
    expect(outcomes(line)).toMatchObject({ unlock: { kind: 'acknowledged', reply: { type: 'OSTATR' } } });
    expect(kinds(line, 'point-changed').at(-1)).toMatchObject({
      kind: 'output',
      state: 'active',
      isInitial: false,
    });
  });

  it.each([
    ['a lost reply', { kind: 'reply-lost' }, 3],
    ['a lost command', { kind: 'command-lost' }, 3],
    ['a bad CRC', { kind: 'bad-check' }, 3],
    ['BUSY', { kind: 'busy' }, 4],
    ['a late reply', { kind: 'late', byMs: 300 }, 2],
    ['a reply twice', { kind: 'duplicated', afterMs: 0 }, 2],
  ] as const)('OS41: through %s the pulse is one pulse', (_, fault, times) => {
    const line = onlineLine();
    line.act(plan(fault, times, 'OUT'));
    line.request('unlock', pulse(3000));
    line.run(6000);
    expect(outcomes(line)).toMatchObject({ unlock: { kind: 'acknowledged' } });
    expect(executed(line)).toEqual(['OUT']);
    expect(releases(line)).toBe(1);
  });

  it('OS56: a request past its time is dropped, sent or not', () => {
    const line = onlineLine();
    line.request('late already', pulse(3000), -1);
    // The poll under way takes longer than this one may wait.
    line.act(plan({ kind: 'command-lost' }, 2, 'POLL'));
    line.run(110);
    line.request('too late', pulse(3000), 100);
    line.run(1000);
    expect(outcomes(line)).toEqual({ 'late already': { kind: 'expired' }, 'too late': { kind: 'expired' } });
    expect(line.commandsSince(0).map(({ code }) => commandTypeOf(code))).not.toContain('OUT');
    expect(line.seen).toEqual([]);
  });

  it('OS56: a repeat past its time is not sent; the device is made to forget and nothing happens late', () => {
    const line = onlineLine();
    line.act(plan({ kind: 'command-lost' }, 1000, 'OUT'));
    line.request('unlock', pulse(3000), 1000);
    const fromMs = line.nowMs;
    line.run(3000);
    expect(outcomes(line)).toEqual({ unlock: { kind: 'unconfirmed' } });
    const sent = line.commandsSince(fromMs);
    const lastOut = line.sent.filter(({ bytes }) => bytes[8] === 0x68).at(-1);
    expect((lastOut?.atMs ?? 0) - fromMs).toBeLessThanOrEqual(1000);
    expect(sent.some(({ code, sqn }) => commandTypeOf(code) === 'CHLNG' && sqn === 0)).toBe(true);
    expect(releases(line)).toBe(0);
    expect(kinds(line, 'offline')).toEqual([]);
  });

  it('OS57: when the device restarts in the middle the outcome is unknown, and it is not tried again', () => {
    const line = onlineLine();
    line.act(plan({ kind: 'reply-lost' }, 1, 'OUT'));
    line.request('unlock', pulse(3000));
    line.run(100);
    line.act({ type: 'powered', isOn: false });
    line.act({ type: 'powered', isOn: true });
    line.run(5000);
    expect(outcomes(line)).toEqual({ unlock: { kind: 'unconfirmed' } });
    expect(executed(line)).toEqual(['OUT']);
    // A restart drops the relay, and that is where it stays.
    expect(line.seen.filter((event) => event.type === 'output-switched').map(({ isOn }) => isOn)).toEqual([
      true,
      false,
    ]);
  });

  it('OS58: a link that goes offline drops what it was asked, and takes nothing until it is back', () => {
    const line = onlineLine();
    line.act({ type: 'powered', isOn: false });
    line.run(150);
    for (const id of ['a', 'b', 'c']) line.request(id, pulse(3000), 60_000);
    line.run(10_000);
    line.request('d', pulse(3000), 60_000);
    line.act({ type: 'powered', isOn: true });
    line.run(5000);
    expect(outcomes(line)).toEqual(
      Object.fromEntries(['a', 'b', 'c', 'd'].map((id) => [id, { kind: 'offline' }])),
    );
    expect(kinds(line, 'online')).toHaveLength(2);
    expect(line.seen).toEqual([]);
  });

  it('OS58: so does a port that is closed, for what was sent as well', () => {
    const line = onlineLine();
    line.request('sent', pulse(3000));
    line.run(2);
    line.request('queued', pulse(3000));
    line.close();
    line.request('after', pulse(3000));
    line.run(2000);
    line.open();
    line.run(3000);
    expect(outcomes(line)).toMatchObject({
      queued: { kind: 'offline' },
      after: { kind: 'offline' },
      sent: { kind: 'unconfirmed' },
    });
  });

  it('OS55: before it is online a link takes no request', () => {
    const line = createSimulatedLine({
      aes,
      links: [{ address: 1, security: { mode: 'paired', key: KEY } }],
      devices: [device()],
    });
    line.request('early', pulse(3000));
    line.run(3000);
    expect(outcomes(line)).toEqual({ early: { kind: 'offline' } });
  });

  it('OS59: the queue is bounded, and lock commands go first', () => {
    const line = onlineLine();
    const beep: RequestableCommand = {
      type: 'BUZ',
      reader: 0,
      tone: 'default',
      onMs: 100,
      offMs: 100,
      count: 1,
    };
    // The line is free, so the first one leaves the queue at once.
    for (let index = 0; index < 33; index += 1) line.request(`beep ${index}`, beep, 60_000);
    const fromMs = line.nowMs;
    line.request('over', beep);
    line.request('unlock', pulse(1000));
    line.run(4000);
    expect(outcomes(line)).toMatchObject({ over: { kind: 'queue-full' }, unlock: { kind: 'acknowledged' } });
    expect(executed(line).indexOf('OUT')).toBe(1);
    expect(executed(line)).toHaveLength(34);
    expect(line.commandsSince(fromMs).length).toBeGreaterThan(33);
  });

  it('OS59: every kind of request a door needs gets its answer', () => {
    const line = onlineLine();
    const commands: readonly RequestableCommand[] = [
      { type: 'ACURXSIZE', receiveBytes: 1440 },
      { type: 'KEEPACTIVE', forMs: 1000 },
      { type: 'ABORT' },
      { type: 'ISTAT' },
      { type: 'OSTAT' },
      { type: 'RSTAT' },
      { type: 'ID' },
      { type: 'TEXT', reader: 0, mode: 'permanent', temporaryS: 0, row: 1, column: 1, text: 'Halo' },
    ];
    commands.forEach((command) => line.request(command.type, command));
    line.request('OTHER', { type: 'OTHER', code: 0x80, data: fromHex('5a0150') });
    line.run(2000);
    const all = outcomes(line);
    for (const { type } of commands) expect(all[type]).toMatchObject({ kind: 'acknowledged' });
    expect(all['OTHER']).toEqual({ kind: 'declined', reason: 3, isVerified: true });
    line.request('COMSET', { type: 'COMSET', address: 7, baud: 38_400 });
    line.run(100);
    expect(outcomes(line)['COMSET']).toEqual({
      kind: 'acknowledged',
      reply: { type: 'COM', address: 7, baud: 38_400 },
    });
    expect(line.devices.devices[0]?.address).toBe(7);
  });
});

describe('no command leaves a lock open with nobody to close it', () => {
  const out = (...outputs: readonly Partial<OutputControl>[]): RequestableCommand => ({
    type: 'OUT',
    outputs: outputs.map((control) => ({ output: 0, control: 'pulse-on', timerMs: 3000, ...control })),
  });

  it.each([
    ['on', out({ control: 'on', timerMs: 0 }), 'untimed-release'],
    ['on after the timer', out({ control: 'on-after-timer' }), 'untimed-release'],
    ['a pulse without an end', out({ timerMs: 0 }), 'untimed-release'],
    ['an inverted pulse without an end', out({ control: 'pulse-off', timerMs: 0 }), 'untimed-release'],
    ['a pulse of 10.1 s', out({ timerMs: 10_100 }), 'release-too-long'],
    ['an output that is not there', out({ output: 2 }), 'no-such-output'],
    ['one bad record among good ones', out({}, { control: 'on' }), 'untimed-release'],
  ] as const)('OS61: %s is refused', (_, command, reason) => {
    const line = onlineLine();
    line.request('unsafe', command);
    line.run(500);
    expect(outcomes(line)).toEqual({ unsafe: { kind: 'refused', reason } });
    expect(line.seen).toEqual([]);
  });

  it('OS61: off and pulses up to 10 s go through', () => {
    const line = onlineLine();
    line.request('off', out({ control: 'off', timerMs: 0 }));
    line.request('pulse', out({ timerMs: 10_000 }));
    line.run(500);
    expect(outcomes(line)).toMatchObject({ off: { kind: 'acknowledged' }, pulse: { kind: 'acknowledged' } });
  });

  it('OS60: a reader whose outputs do not end by themselves drives no lock', () => {
    for (const compliance of [1, 2]) {
      const capabilities = [{ function: 2, compliance, count: 2 }];
      const line = onlineLine({ devices: [device({ capabilities })] });
      line.request('unlock', pulse(3000));
      line.request('lock', out({ control: 'off', timerMs: 0 }));
      line.run(500);
      expect(outcomes(line)).toMatchObject({
        unlock: { kind: 'refused', reason: 'untimed-output' },
        lock: { kind: 'acknowledged' },
      });
    }
  });

  it('OS62: a command longer than the device can take is refused', () => {
    const line = onlineLine({ devices: [device({ capabilities: [] })] });
    const text = (length: number): RequestableCommand => ({
      type: 'TEXT',
      reader: 0,
      mode: 'permanent',
      temporaryS: 0,
      row: 1,
      column: 1,
      text: 'x'.repeat(length),
    });
    line.request('long', text(120));
    line.request('short', text(100));
    line.run(500);
    expect(outcomes(line)).toMatchObject({
      long: { kind: 'refused', reason: 'too-long' },
      short: { kind: 'acknowledged' },
    });
    expect(Math.max(...line.sent.map(({ bytes }) => bytes.length - 1))).toBeLessThanOrEqual(128);
  });
});

describe('a new key', () => {
  const keyset = (key: Uint8Array): RequestableCommand => ({ type: 'KEYSET', key });
  const storedKey = (line: SimulatedLine): string => toHex(line.devices.devices[0]?.key ?? new Uint8Array(0));
  const worksNow = (line: SimulatedLine): boolean => {
    const before = kinds(line, 'card-read').length;
    line.act({ type: 'card-presented', bitCount: 26, bits: fromHex('bdd93740') });
    line.run(500);
    return kinds(line, 'card-read').length === before + 1;
  };

  it('OS31: is told as changed only after a handshake with it', () => {
    const line = onlineLine();
    line.request('rekey', keyset(NEW_KEY));
    const fromMs = line.nowMs;
    line.run(1500);
    expect(outcomes(line)).toMatchObject({ rekey: { kind: 'acknowledged' } });
    expect(kinds(line, 'key-changed').map(({ key }) => toHex(key))).toEqual([toHex(NEW_KEY)]);
    const proofAtMs = line.sent.filter(({ bytes }) => bytes[9] === 0x77).at(-1)?.atMs ?? 0;
    expect(proofAtMs).toBeGreaterThan(fromMs);
    expect(kinds(line, 'key-changed')[0]?.atMs).toBeGreaterThan(proofAtMs);
    expect(storedKey(line)).toBe(toHex(NEW_KEY));
    expect(worksNow(line)).toBe(true);
    expect(kinds(line, 'offline')).toEqual([]);
    line.act(plan({ kind: 'reboot' }));
    line.run(1500);
    expect(worksNow(line)).toBe(true);
  });

  it.each([
    ['the reply is lost', { kind: 'reply-lost' }],
    ['the command is lost', { kind: 'command-lost' }],
    ['the device is busy', { kind: 'busy' }],
  ] as const)('OS31: is set although %s', (_, fault) => {
    const line = onlineLine();
    line.act(plan(fault, 2, 'KEYSET'));
    line.request('rekey', keyset(NEW_KEY));
    line.run(2500);
    expect(outcomes(line)).toMatchObject({ rekey: { kind: 'acknowledged' } });
    expect(line.seen.filter(({ type }) => type === 'key-stored')).toHaveLength(1);
    expect(worksNow(line)).toBe(true);
  });

  it('OS31: is given up when the device still has the old one', () => {
    const line = onlineLine();
    line.act(plan({ kind: 'key-forgotten' }, 1, 'KEYSET'));
    line.request('rekey', keyset(NEW_KEY));
    line.run(1500);
    expect(outcomes(line)).toEqual({
      rekey: { kind: 'declined', reason: 'key-not-taken', isVerified: true },
    });
    expect(kinds(line, 'key-changed')).toEqual([]);
    expect(kinds(line, 'key-kept')).toHaveLength(1);
    expect(worksNow(line)).toBe(true);
    expect(kinds(line, 'offline')).toEqual([]);
  });

  it('OS31: is given up when the device refuses it', () => {
    const line = onlineLine();
    line.act(plan({ kind: 'nak', reason: 9 }, 1, 'KEYSET'));
    line.request('rekey', keyset(NEW_KEY));
    line.run(500);
    line.act(plan({ kind: 'reboot' }));
    line.run(1500);
    expect(outcomes(line)).toEqual({ rekey: { kind: 'declined', reason: 9, isVerified: true } });
    // The refused key is not even tried.
    expect(kinds(line, 'diagnosed').map(({ diagnostic }) => diagnostic)).toEqual(['device-restarted']);
    expect(worksNow(line)).toBe(true);
  });

  it.each([
    ['took it', 'reply-lost'],
    ['never got it', 'command-lost'],
  ] as const)(
    'OS31: the link dies in the middle and the device %s: both keys are tried, one works',
    (_, kind) => {
      const line = onlineLine();
      line.act(plan({ kind }, 1000, 'KEYSET'));
      line.request('rekey', keyset(NEW_KEY));
      line.run(200);
      line.act({ type: 'powered', isOn: false });
      line.run(12_000);
      line.act({ type: 'powered', isOn: true });
      line.run(4000);
      expect(outcomes(line)).toEqual({ rekey: { kind: 'unconfirmed' } });
      expect(kinds(line, kind === 'reply-lost' ? 'key-changed' : 'key-kept')).toHaveLength(1);
      expect(kinds(line, kind === 'reply-lost' ? 'key-kept' : 'key-changed')).toHaveLength(0);
      expect(kinds(line, 'offline').map(({ reason }) => reason)).toEqual(['silent']);
      expect(worksNow(line)).toBe(true);
    },
  );

  it.each([KEY, NEW_KEY])('OS31: after a restart of the panel both stored keys are tried', (key) => {
    const line = createSimulatedLine({
      aes,
      links: [{ address: 1, security: { mode: 'paired', key: KEY, nextKey: NEW_KEY } }],
      devices: [device({ key })],
    });
    line.run(2000);
    expect(kinds(line, 'online')).toHaveLength(1);
    expect(kinds(line, 'offline')).toEqual([]);
    expect(kinds(line, key === NEW_KEY ? 'key-changed' : 'key-kept')).toHaveLength(1);
  });

  it('OS31: with neither key the link is offline, and every round tries both', () => {
    const line = createSimulatedLine({
      aes,
      links: [{ address: 1, security: { mode: 'paired', key: KEY, nextKey: NEW_KEY } }],
      devices: [device({ key: fromHex('77'.repeat(16)) })],
    });
    line.run(8000);
    expect(kinds(line, 'offline').map(({ reason }) => reason)).toEqual(['wrong-key']);
    expect(line.sent.length).toBe(2 * 4);
  });

  it('OS30: the all-zero and the default key are never set', () => {
    const line = onlineLine();
    for (const [id, key] of Object.entries({ zero: allZeroKey, default: defaultKey }))
      line.request(id, keyset(key));
    line.run(500);
    expect(outcomes(line)).toEqual({
      zero: { kind: 'refused', reason: 'key-unfit' },
      default: { kind: 'refused', reason: 'key-unfit' },
    });
    expect(storedKey(line)).toBe(toHex(KEY));
  });

  it('OS30: without a secure channel no key is sent', () => {
    const line = onlineLine({ links: [{ address: 1, security: { mode: 'clear' } }] });
    line.request('rekey', keyset(NEW_KEY));
    line.run(500);
    expect(outcomes(line)).toEqual({ rekey: { kind: 'refused', reason: 'no-secure-channel' } });
  });

  it('OS32: over the default key nothing is read and no lock is driven; it only serves to set a proper key', () => {
    const line = onlineLine({
      links: [{ address: 1, security: { mode: 'install' } }],
      devices: [device({ key: undefined, isInInstallMode: true })],
    });
    expect(kinds(line, 'online')).toHaveLength(1);
    expect(worksNow(line)).toBe(false);
    line.act({ type: 'keys-pressed', keys: fromHex('31') });
    line.request('unlock', pulse(3000));
    line.run(500);
    expect(kinds(line, 'keys-pressed')).toEqual([]);
    expect(line.seen).toEqual([]);
    line.request('pair', keyset(NEW_KEY));
    line.run(1500);
    expect(outcomes(line)).toMatchObject({
      unlock: { kind: 'refused', reason: 'no-secure-channel' },
      pair: { kind: 'acknowledged' },
    });
    expect(kinds(line, 'key-changed')).toHaveLength(1);
    expect(worksNow(line)).toBe(true);
    const indicators = line
      .commandsSince(0)
      .filter(({ code }) => commandTypeOf(code) === 'CHLNG')
      .map(({ security }) => security?.data[0]);
    expect(indicators).toEqual([0, 1]);
  });
});
