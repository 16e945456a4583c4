import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { asMonoMs } from '#contract/clock';
import {
  openDoorHardware,
  type DoorHardware,
  type HardwareEvent,
  type PulseCommand,
  type PulseOutcome,
} from '../../firmware-bridge/bridge.ts';
import { encodeHostLine, noSession } from '../../firmware-bridge/protocol/line/line.ts';
import type { HostMessage, JournalMark } from '../../firmware-bridge/protocol/line/message.ts';
import type { ByteLink } from '../../firmware-bridge/transport/byte-link.ts';
import { buildDoor, readSection, whyNoAvr } from '../suites/avr-build.ts';
import { openPtyWorld, type FirmwareWorld } from '../suites/firmware-world.ts';
import { openChip, type Chip } from './avr-chip.ts';

const whyNot = whyNoAvr('system/avr-door');
const card26 = '00111101100111001011100101';
const card34 = '0000000000111101100111001011100101';

/** A host that says exactly what a test wants, through the same serial port as the bridge. */
interface RawHost {
  greet(): Promise<void>;
  /** Says it under the next number, or under `seq`. */
  say(message: HostMessage, seq?: number): Promise<void>;
  pulse(id: string, durationMs: number, mark?: JournalMark | null, seq?: number): Promise<void>;
  readonly seq: number;
}

describe('the image of the door firmware on an ATmega328P, through a pseudo-terminal and serialport', () => {
  let outDir = '';
  let built: ReturnType<typeof buildDoor>;
  let world: FirmwareWorld;
  let chip: Chip;
  let hardware: DoorHardware | null;
  let link: ByteLink | null;
  let events: HardwareEvent[];

  beforeAll(() => {
    if (whyNot !== null) return;
    outDir = mkdtempSync(join(tmpdir(), 'avr-door-'));
    built = buildDoor(outDir);
  });
  afterAll(() => {
    if (outDir !== '') rmSync(outDir, { recursive: true, force: true });
  });
  beforeEach(async (context) => {
    if (whyNot !== null) return context.skip(whyNot);
    hardware = null;
    link = null;
    events = [];
    world = await openPtyWorld();
    chip = await openChip(built.chip, built.image);
    // The door is shut and the box closed.
    chip.order('pin C 1 0');
    chip.order('pin C 2 0');
    await world.until('the start', () => chip.told('offer').length > 0);
  });
  afterEach(async () => {
    if (whyNot !== null) return;
    await hardware?.close();
    await link?.close();
    await chip.close();
    await world.close();
  });

  const of = <T extends HardwareEvent['type']>(type: T): Extract<HardwareEvent, { type: T }>[] =>
    events.filter((event): event is Extract<HardwareEvent, { type: T }> => event.type === type);
  const panel = () => of('reader').findLast(({ reader }) => reader === 'panel');
  const isOnline = (): boolean => panel()?.state === 'online';
  const inputs = (): string[] =>
    of('input').map(({ input, isActive, isInitial }) => `${input} ${isActive} ${isInitial}`);

  /** Joins the real bridge to the chip. */
  async function openBridge(): Promise<DoorHardware> {
    const opened = openDoorHardware(
      {
        doorId: 'ruang-server',
        readers: {
          panel: { protocol: 'line', port: chip.port },
          entry: { protocol: 'wiegand', reader: 'panel', number: 0, format: 'h10301' },
          exit: { protocol: 'wiegand', reader: 'panel', number: 1, format: 'wg34' },
        },
        lock: { driver: 'line', reader: 'panel', output: 0, releaseMs: 3000 },
      },
      world.clock,
      { openLink: world.openLink },
    );
    hardware = opened;
    opened.onEvent((event) => events.push(event));
    await world.until('the greeting and the levels', () => isOnline() && of('input').length >= 2);
    return opened;
  }

  const pulse = (
    opened: DoorHardware,
    id: string,
    change: Partial<PulseCommand> = {},
  ): Promise<PulseOutcome> =>
    opened.pulse({ id, durationMs: 400, notAfterMs: asMonoMs(world.clock.monoMs() + 2000), ...change });

  async function openRawHost(): Promise<RawHost> {
    const opened = await world.openLink({ path: chip.port, baud: 38_400 });
    link = opened;
    let session = noSession;
    let seq = 0;
    const write = (text: string): Promise<void> => opened.write(Buffer.from(text, 'latin1'));
    const host: RawHost = {
      get seq() {
        return seq;
      },
      greet: async () => {
        const welcomes = chip.told('welcome').length;
        const offers = chip.told('offer').length;
        await write(encodeHostLine({ session: noSession, seq: 0, message: { type: 'query' } }));
        await world.until('an offer', () => chip.told('offer').length > offers);
        const offer = chip.told('offer').at(-1)?.offer ?? '';
        await write(
          encodeHostLine({ session: noSession, seq: 0, message: { type: 'hello', offer, nonce: '17c2' } }),
        );
        await world.until('a welcome', () => chip.told('welcome').length > welcomes);
        session = `${offer}17c2`;
        seq = 0;
      },
      say: (message, own) => write(encodeHostLine({ session, seq: own ?? (seq += 1), message })),
      pulse: (id, durationMs, mark = null, own) =>
        host.say({ type: 'pulse', output: 0, durationMs, id, mark }, own),
    };
    return host;
  }

  /** What the relay's pin did since it was first driven. */
  const relayLine = (): string =>
    chip
      .of('relay')
      .map(({ text }) => text)
      .join('');
  /** The simulated time between the last rise of the relay and its fall, in ms. */
  const releasedMs = (): number => {
    const edges = chip.of('relay');
    const fall = edges.findLastIndex(({ text }, index) => text === '0' && edges[index - 1]?.text === '1');
    return ((edges[fall]?.atUs ?? NaN) - (edges[fall - 1]?.atUs ?? NaN)) / 1000;
  };
  const untilFallen = (falls = 1): Promise<void> =>
    world.until('the relay to fall', () => relayLine().split('10').length - 1 >= falls);

  test('AV20: from power-up the pin of the relay floats and is then driven low, through every kind of reset', async () => {
    chip.order('reset');
    await world.until('a reset', () => chip.of('reset').length === 2);
    chip.order('power 0');
    chip.order('power 1');
    await world.until('power', () => chip.of('reset').length === 3);
    await world.until('the third start', () => chip.told('offer').length >= 3);
    chip.order('poke 193 0');
    await world.until('the watchdog', () => chip.of('reset').at(-1)?.text === 'watchdog');
    await world.until('the fourth start', () => chip.told('offer').length >= 4);
    expect(relayLine()).toBe('z0z0z0z0');
    const [firstFloat, firstLow] = chip.of('relay');
    // Driven low before memory is prepared: within some instructions.
    expect((firstLow?.atUs ?? NaN) - (firstFloat?.atUs ?? NaN)).toBeLessThan(20);
  });

  test('AV21: the bridge greets the image, secures it, and knows its levels', async () => {
    await openBridge();
    expect(panel()).toMatchObject({ state: 'online', reason: 'greeted' });
    expect(of('lock').map(({ state }) => state)).toEqual(['secured']);
    expect(inputs()).toEqual(['0 false true', '1 true true']);
    expect(chip.told('welcome')).toEqual([
      { type: 'welcome', maxPulseMs: 10_000, inputCount: 2, mark: null },
    ]);
    expect(of('diagnostic').filter(({ code }) => code !== 'noise')).toEqual([]);
  });

  test('AV22: cards on the wires of the readers arrive at the bridge as cards', async () => {
    await openBridge();
    chip.order(`wiegand 0 ${card26} 50 1000`);
    await world.until('the first card', () => of('card').length === 1);
    chip.order(`wiegand 1 ${card34} 400 2400`);
    await world.until('the second card', () => of('card').length === 2);
    expect(of('card').map(({ reader, card }) => `${reader} ${card}`)).toEqual([
      'entry wg26:7B3972',
      'exit wg34:007B3972',
    ]);
  });

  test('AV22: no bit is lost of pulses of 20 us every 200 us on both readers at once, while the line is busy', async () => {
    const host = await openRawHost();
    await host.greet();
    const frames = 40;
    for (let frame = 1; frame <= frames; frame += 1) {
      chip.order(`wiegand 0 ${card26} 20 200`);
      chip.order(`wiegand 1 ${card34} 20 200`);
      await host.say({ type: 'tick' });
      await world.until('both', () => chip.told('card').length === 2 * frame);
    }
    const told = new Set(
      chip.told('card').map(({ reader, bitCount, data }) => `${reader} ${bitCount} ${data}`),
    );
    expect([...told].toSorted()).toEqual(['0 26 3D9CB940', '1 34 003D9CB940']);
  });

  test('AV23: keys of 4 and of 8 bits arrive as keys', async () => {
    await openBridge();
    for (const bits of ['0001', '1010', '11110000', '01001011']) {
      const heard = of('key').length;
      chip.order(`wiegand 0 ${bits} 50 1000`);
      await world.until('a key', () => of('key').length > heard);
    }
    expect(of('key').map(({ key }) => key)).toEqual(['1', 'clear', '0', 'enter']);
  });

  test('AV24: exit button, contact and tamper arrive, their bouncing does not', async () => {
    await openBridge();
    for (let bounce = 0; bounce < 5; bounce += 1) {
      chip.order('pin C 1 1');
      chip.order('pin C 1 0');
    }
    chip.order('pin C 0 0');
    await world.until('the button', () => of('input').length === 3);
    chip.order('pin C 1 1');
    await world.until('the door', () => of('input').length === 4);
    chip.order('pin C 2 1');
    await world.until('the tamper', () => of('tamper').length === 1);
    expect(inputs().slice(2)).toEqual(['0 true false', '1 false false']);
    expect(of('tamper').map(({ isActive }) => isActive)).toEqual([true]);
    expect(of('openings').map(({ count }) => count)).toEqual([0, 1]);
  });

  test('AV7: it counts the openings of the door by itself, with a host or without one, over power cuts', async () => {
    const open = async (): Promise<void> => {
      const seen = chip.of('tx').length;
      chip.order('pin C 1 1');
      // Without a host there is nothing to wait for but its next offers.
      await world.until('some time', () => chip.of('tx').length > seen + 1);
      chip.order('pin C 1 0');
      await world.until('some time', () => chip.of('tx').length > seen + 2);
    };
    await open();
    chip.order('power 0');
    chip.order('power 1');
    await world.until('power', () => chip.of('reset').length === 2);
    const host = await openRawHost();
    await host.greet();
    await world.until('the count', () => chip.told('openings').length === 1);
    chip.order('pin C 1 1');
    await world.until('the next count', () => chip.told('openings').length === 2);
    expect(chip.told('openings').map(({ count }) => count)).toEqual([1, 2]);
  });

  test('AV25: a pulse holds the relay for as long as was asked, by the clock of the chip', async () => {
    const opened = await openBridge();
    for (const [index, durationMs] of [100, 400, 1500].entries()) {
      expect(await pulse(opened, `p${index}`, { durationMs })).toEqual({ kind: 'acknowledged' });
      await untilFallen(index + 1);
      expect(releasedMs()).toBeGreaterThanOrEqual(durationMs);
      expect(releasedMs()).toBeLessThan(durationMs + 2);
    }
    await world.until('the last locking', () => of('lock').length === 7);
    expect(
      of('lock')
        .map(({ state }) => state)
        .join(' '),
    ).toBe('secured released secured released secured released secured');
  });

  test('AV25: a second pulse makes the end later, never earlier, and secure ends it at once', async () => {
    const host = await openRawHost();
    await host.greet();
    await host.pulse('a', 1000);
    await world.until('the first', () => chip.told('done').length === 1);
    await host.pulse('b', 100);
    await untilFallen();
    expect(releasedMs()).toBeGreaterThanOrEqual(1000);
    expect(releasedMs()).toBeLessThan(1002);
    await host.pulse('c', 10_000);
    await world.until('the long one', () => chip.relay() === '1');
    await host.say({ type: 'secure' });
    await world.until('the last word', () => chip.told('output').length === 4);
    expect(chip.told('output').map(({ cause }) => cause)).toEqual(['pulse', 'ended', 'pulse', 'secured']);
  });

  test('AV26: a pulse that comes again is answered and not carried out again, also after a power cut', async () => {
    const host = await openRawHost();
    await host.greet();
    await host.pulse('a', 100, { epoch: 1, sq: 1 });
    await host.pulse('a', 100, { epoch: 1, sq: 1 }, host.seq);
    await untilFallen();
    await host.pulse('a', 100, { epoch: 1, sq: 1 });
    await world.until('three answers', () => chip.told('done').length === 3);
    chip.order('power 0');
    chip.order('power 1');
    await world.until('power', () => chip.of('reset').length === 2);
    await host.greet();
    await host.pulse('a', 100, { epoch: 1, sq: 1 });
    await world.until('a fourth answer', () => chip.told('done').length === 4);
    expect(relayLine()).toBe('z010z0');
  });

  test('AV27: a pulse of more than ten seconds is refused', async () => {
    const host = await openRawHost();
    await host.greet();
    await host.pulse('a', 10_001);
    await world.until('the refusal', () => chip.told('refused').length === 1);
    expect(chip.told('refused')).toEqual([{ type: 'refused', seq: 1, reason: 'duration' }]);
    expect(relayLine()).toBe('z0');
  });

  test('AV28: a lower journal place is refused, also after power and reset, and told when a session opens', async () => {
    const opened = await openBridge();
    await pulse(opened, 'a', { durationMs: 100, journal: { epoch: 2, sq: 41 } });
    await untilFallen();
    expect(await pulse(opened, 'b', { journal: { epoch: 2, sq: 40 } })).toEqual({
      kind: 'refused',
      reason: 'rejected',
    });
    for (const [index, commands] of [['reset'], ['power 0', 'power 1']].entries()) {
      const levels = of('input').length;
      for (const command of commands) chip.order(command);
      await world.until('a new session', () => isOnline() && of('input').length === levels + 2);
      expect(chip.told('welcome')[index + 1]?.mark).toEqual({ epoch: 2, sq: 41 });
    }
    expect(await pulse(opened, 'c', { journal: { epoch: 1, sq: 99 } })).toMatchObject({ reason: 'rejected' });
    expect(await pulse(opened, 'd')).toMatchObject({ reason: 'rejected' });
    expect(await pulse(opened, 'e', { durationMs: 100, journal: { epoch: 2, sq: 42 } })).toEqual({
      kind: 'acknowledged',
    });
    await untilFallen(2);
    expect(relayLine()).toBe('z010z0z010');
  });

  test('AV29: a host that falls silent in the middle of a pulse loses the session, and the relay falls', async () => {
    const host = await openRawHost();
    await host.greet();
    await host.pulse('a', 10_000);
    await untilFallen();
    expect(releasedMs()).toBeGreaterThan(2800);
    expect(releasedMs()).toBeLessThan(3002);
    await world.until('an offer', () => chip.events.at(-1)?.text.includes(' B ') === true);
    expect(chip.told('output').map(({ cause }) => cause)).toEqual(['pulse', 'silence']);
  });

  test('AV30: a main program that hangs does not lengthen a pulse, and the watchdog ends the hanging', async () => {
    const host = await openRawHost();
    await host.greet();
    await host.pulse('a', 300);
    await world.until('the release', () => chip.relay() === '1');
    chip.order('stick 0');
    await untilFallen();
    expect(releasedMs()).toBeGreaterThanOrEqual(300);
    expect(releasedMs()).toBeLessThan(302);
    expect(chip.of('reset').length).toBe(1);
    await world.until('the watchdog', () => chip.of('reset').at(-1)?.text === 'watchdog');
    await host.greet();
    await host.say({ type: 'tick' });
    await world.until('a status', () => chip.told('status').length === 1);
    expect(relayLine()).toBe('z010z0');
  });

  test('AV30: a program that hangs with its interrupts off is ended by the watchdog, and the relay falls', async () => {
    const host = await openRawHost();
    await host.greet();
    await host.pulse('a', 10_000);
    await world.until('the release', () => chip.relay() === '1');
    const stuckAtUs = chip.of('relay').at(-1)?.atUs ?? NaN;
    chip.order('stick 1');
    await world.until('the watchdog', () => chip.of('reset').at(-1)?.text === 'watchdog');
    await world.until('the pin', () => chip.relay() === '0');
    expect(relayLine()).toBe('z01z0');
    expect(((chip.of('reset').at(-1)?.atUs ?? NaN) - stuckAtUs) / 1000).toBeLessThan(1000);
  });

  test.for([
    ['the timer that ends pulses', 'poke 111 0'],
    ['the line', 'poke 193 0'],
    ['the rate of the line', 'poke 196 99'],
  ] as const)(
    'AV31: a chip whose registers were disturbed (%s) is reset by the watchdog within a second',
    async ([, command]) => {
      const atUs = chip.events.at(-1)?.atUs ?? NaN;
      chip.order(command);
      await world.until('the watchdog', () => chip.of('reset').length === 2);
      expect(chip.of('reset').at(-1)?.text).toBe('watchdog');
      expect(((chip.of('reset').at(-1)?.atUs ?? NaN) - atUs) / 1000).toBeLessThan(2000);
      const offers = chip.told('offer').length;
      await world.until('a new start', () => chip.told('offer').length > offers);
      expect(relayLine()).toBe('z0z0');
    },
  );

  test('AV31: a disturbed latch of the relay is put right within a millisecond', async () => {
    chip.order('poke 37 63');
    await untilFallen();
    expect(releasedMs()).toBeLessThanOrEqual(1.01);
  });

  test('AV32: power that goes while a pulse is kept: the relay has not moved, and the ratchet is as it was', async () => {
    const host = await openRawHost();
    await host.greet();
    await host.pulse('a', 100, { epoch: 1, sq: 1 });
    await untilFallen();
    chip.order('cut 6');
    await host.pulse('b', 100, { epoch: 1, sq: 2 });
    await world.until('the cut', () => chip.of('power').at(-1)?.text === '0');
    chip.order('power 1');
    await world.until('power', () => chip.of('reset').length === 2);
    await host.greet();
    expect(chip.told('welcome').at(-1)?.mark).toEqual({ epoch: 1, sq: 1 });
    await host.pulse('b', 100, { epoch: 1, sq: 2 });
    await untilFallen(2);
    expect(relayLine()).toBe('z010z010');
  });

  test('AV33: the jumper forgets the ratchet three seconds after power-up and shows as tampering', async () => {
    const host = await openRawHost();
    await host.greet();
    await host.pulse('a', 100, { epoch: 9, sq: 9 });
    await untilFallen();
    chip.order('pin B 0 0');
    await world.until('the tamper', () => chip.told('tamper').at(-1)?.isActive === true);
    await host.greet();
    expect(chip.told('welcome').at(-1)?.mark).toEqual({ epoch: 9, sq: 9 });
    chip.order('power 0');
    chip.order('power 1');
    await world.until('power', () => chip.of('reset').length === 2);
    const offers = chip.told('offer').length;
    await world.until('three seconds', () => chip.told('offer').length >= offers + 4);
    await host.greet();
    expect(chip.told('welcome').at(-1)?.mark).toBeNull();
    await host.say({ type: 'tick' });
    await world.until('the levels', () => chip.told('status').length === 1);
    expect(chip.told('status')).toMatchObject([{ isTampered: true }]);
  });

  test('AV34: what the bridge signals is seen and heard at the reader', async () => {
    const opened = await openBridge();
    await world.until('the lamp', () => chip.of('face').at(-1)?.text === '0 0 1');
    opened.signal('panel', 'granted');
    await world.until('light and sound', () => chip.of('face').at(-1)?.text === '1 1 1');
    await world.until('light', () => chip.of('face').at(-1)?.text === '1 0 1');
    opened.signal('panel', 'denied');
    await world.until('sound', () => chip.of('face').at(-1)?.text === '0 1 1');
    await world.until('three of them', () => chip.of('face').at(-1)?.text === '0 0 1');
    const seen = chip.of('face').map(({ text }) => text);
    expect(seen.indexOf('1 1 1')).toBeGreaterThan(seen.indexOf('0 0 1'));
  });

  test('AV36: noise and endless lines cost only themselves', async () => {
    const host = await openRawHost();
    await host.greet();
    let seed = 328;
    const noise = Uint8Array.from({ length: 3000 }, () => (seed = (seed * 75 + 74) % 65_537) & 0xff);
    await link?.write(noise);
    await link?.write(Buffer.from('A'.repeat(1000)));
    await link?.write(Buffer.from('\n'));
    await host.say({ type: 'tick' });
    await world.until('the status', () => chip.told('status').length === 1);
    expect(chip.of('reset').length).toBe(1);
    expect(relayLine()).toBe('z0');
  });

  test('AV35: the image carries the fuses: brown-out at 4.3 V, watchdog always on, EEPROM kept, no boot loader', () => {
    expect(readSection(built.image, '.fuse')).toMatch(/ffc7fc/);
  });
});
