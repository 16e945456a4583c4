import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capabilitiesOf, noCapabilities } from './capabilities.ts';
import { commandTypeOf, encodeCommand, parseCommand, type Command } from './commands.ts';
import { fromHex, toHex } from './hex.ts';
import { keypadKeyOf } from './keypad.ts';
import { consequenceOfNak } from './nak.ts';
import { encodeReply, parseReply, type Reply } from './replies.ts';

const none = new Uint8Array(0);
const pattern = { onMs: 200, offMs: 300, onColor: 'green', offColor: 'black' } as const;

const COMMANDS: readonly (readonly [Command, number, string])[] = [
  [{ type: 'POLL' }, 0x60, ''],
  [{ type: 'ID' }, 0x61, '00'],
  [{ type: 'CAP' }, 0x62, '00'],
  [{ type: 'LSTAT' }, 0x64, ''],
  [{ type: 'ISTAT' }, 0x65, ''],
  [{ type: 'OSTAT' }, 0x66, ''],
  [{ type: 'RSTAT' }, 0x67, ''],
  [{ type: 'OUT', outputs: [{ output: 1, control: 'pulse-on', timerMs: 3000 }] }, 0x68, '01051e00'],
  [
    {
      type: 'OUT',
      outputs: [
        { output: 0, control: 'off', timerMs: 0 },
        { output: 2, control: 'pulse-off', timerMs: 6_553_500 },
      ],
    },
    0x68,
    '000100000206ffff',
  ],
  [
    {
      type: 'LED',
      leds: [
        {
          reader: 0,
          led: 1,
          temporary: { control: 'set', ...pattern, timerMs: 3000 },
          permanent: { control: 'set', onMs: 100, offMs: 0, onColor: 'red', offColor: 'white' },
        },
      ],
    },
    0x69,
    '0001020203020 01e000101000107',
  ],
  [{ type: 'BUZ', reader: 0, tone: 'default', onMs: 200, offMs: 100, count: 3 }, 0x6a, '0002020103'],
  [
    { type: 'TEXT', reader: 0, mode: 'permanent', temporaryS: 0, row: 1, column: 1, text: 'HELLO' },
    0x6b,
    '00010001010548454c4c4f',
  ],
  [{ type: 'COMSET', address: 1, baud: 9600 }, 0x6e, '0180250000'],
  [
    { type: 'KEYSET', key: fromHex('101112131415161718191a1b1c1d1e1f') },
    0x75,
    '0110101112131415161718191a1b1c1d1e1f',
  ],
  [{ type: 'CHLNG', rndA: fromHex('a0a1a2a3a4a5a6a7') }, 0x76, 'a0a1a2a3a4a5a6a7'],
  [{ type: 'SCRYPT', cryptogram: fromHex('00'.repeat(16)) }, 0x77, '00'.repeat(16)],
  [{ type: 'ACURXSIZE', receiveBytes: 1440 }, 0x7b, 'a005'],
  [{ type: 'ABORT' }, 0xa2, ''],
  [{ type: 'KEEPACTIVE', forMs: 5000 }, 0xa7, '8813'],
  [{ type: 'OTHER', code: 0x80, data: fromHex('5a0150ff') }, 0x80, '5a0150ff'],
];

const REPLIES: readonly (readonly [Reply, number, string])[] = [
  [{ type: 'ACK' }, 0x40, ''],
  [{ type: 'NAK', reason: 9, more: fromHex('0102') }, 0x41, '090102'],
  [
    {
      type: 'PDID',
      identity: {
        vendor: fromHex('eeffc0'),
        model: 0x99,
        version: 1,
        serial: 0x01020304,
        firmware: [10, 11, 12],
      },
    },
    0x45,
    'eeffc09901040302010a0b0c',
  ],
  [
    {
      type: 'PDCAP',
      records: [
        { function: 2, compliance: 4, count: 2 },
        { function: 99, compliance: 7, count: 1 },
      ],
    },
    0x46,
    '020402630701',
  ],
  [{ type: 'LSTATR', tamper: 1, power: 0 }, 0x48, '0100'],
  [{ type: 'ISTATR', inputs: fromHex('000182') }, 0x49, '000182'],
  [{ type: 'OSTATR', outputs: fromHex('0100') }, 0x4a, '0100'],
  [{ type: 'RSTATR', readers: fromHex('02') }, 0x4b, '02'],
  [{ type: 'RAW', reader: 0, format: 1, bitCount: 26, bits: fromHex('bdd93740') }, 0x50, '00011a00bdd93740'],
  [{ type: 'FMT', reader: 1, isReversed: true, text: '12345' }, 0x51, '0101053132333435'],
  [{ type: 'KEYPAD', reader: 0, keys: fromHex('313233340d') }, 0x53, '0005313233340d'],
  [{ type: 'COM', address: 1, baud: 115_200 }, 0x54, '0100c20100'],
  [
    {
      type: 'CCRYPT',
      clientUid: fromHex('eeff990004030201'),
      rndB: fromHex('b0b1b2b3b4b5b6b7'),
      cryptogram: fromHex('11'.repeat(16)),
    },
    0x76,
    `eeff990004030201b0b1b2b3b4b5b6b7${'11'.repeat(16)}`,
  ],
  [{ type: 'RMAC_I', rMac: fromHex('22'.repeat(16)) }, 0x78, '22'.repeat(16)],
  [{ type: 'BUSY' }, 0x79, ''],
  [{ type: 'OTHER', code: 0x90, data: fromHex('5a0150aa') }, 0x90, '5a0150aa'],
];

describe('commands', () => {
  it.each(COMMANDS)('OS10: %o is code %i and its bytes, both ways', (command, code, hex) => {
    expect(encodeCommand(command)).toEqual({ code, data: fromHex(hex) });
    expect(parseCommand(code, fromHex(hex))).toEqual({ ok: true, value: command });
    expect(commandTypeOf(code)).toBe(command.type);
  });

  it.each([
    ['60', '00', 'length'],
    ['61', '', 'length'],
    ['61', '01', 'value'],
    ['68', '', 'length'],
    ['68', '0005', 'length'],
    ['68', '00071e00', 'value'],
    ['69', '00', 'length'],
    ['69', '000003020200001e00010100010 0', 'value'],
    ['69', '0000020202090 01e000101000100', 'value'],
    ['6a', '00020201', 'length'],
    ['6a', '0009020103', 'value'],
    ['6b', '00010001010648454c4c4f', 'length'],
    ['6b', '000100010105', 'length'],
    ['6b', '000000010101 48', 'value'],
    ['6b', '000100010101 07', 'value'],
    ['6e', '01', 'length'],
    ['75', '0110', 'length'],
    ['75', `0210${'00'.repeat(16)}`, 'value'],
    ['76', '00', 'length'],
    ['77', '00', 'length'],
    ['7b', '00', 'length'],
    ['a7', '000000', 'length'],
  ])('OS13: command %s with %s is refused: %s', (code, hex, error) => {
    expect(parseCommand(Number.parseInt(code, 16), fromHex(hex))).toEqual({ ok: false, error });
  });

  it('OS13: a value that no field can carry is a fault of the caller', () => {
    const pulseFor = (timerMs: number): Command => ({
      type: 'OUT',
      outputs: [{ output: 0, control: 'pulse-on', timerMs }],
    });
    for (const timerMs of [150, -100, 6_553_600, Number.NaN])
      expect(() => encodeCommand(pulseFor(timerMs))).toThrow(RangeError);
    expect(() => encodeCommand({ type: 'COMSET', address: 256, baud: 9600 })).toThrow(RangeError);
    const text = { type: 'TEXT', reader: 0, mode: 'permanent', temporaryS: 0, row: 1, column: 1 } as const;
    expect(() => encodeCommand({ ...text, text: 'pintu é' })).toThrow(RangeError);
    expect(() => encodeCommand({ ...text, text: 'x'.repeat(256) })).toThrow(RangeError);
  });
});

describe('replies', () => {
  it.each(REPLIES)('OS11: %o is code %i and its bytes, both ways', (reply, code, hex) => {
    expect(encodeReply(reply)).toEqual({ code, data: fromHex(hex) });
    expect(parseReply(code, fromHex(hex))).toEqual({ ok: true, value: reply });
  });

  it('OS12: a reply without a layout keeps its bytes', () => {
    expect(parseReply(0xb1, fromHex('0102'))).toEqual({
      ok: true,
      value: { type: 'OTHER', code: 0xb1, data: fromHex('0102') },
    });
    expect(parseCommand(0xff, none)).toEqual({ ok: true, value: { type: 'OTHER', code: 0xff, data: none } });
  });

  it.each([
    ['40', '00', 'length'],
    ['41', '', 'length'],
    ['45', '00', 'length'],
    ['46', '0102', 'length'],
    ['48', '01', 'length'],
    ['49', '', 'length'],
    ['4a', '', 'length'],
    ['4b', '', 'length'],
    ['50', '00011a00bdd937', 'length'],
    ['50', '00011a00bdd9374000', 'length'],
    ['50', '0001', 'length'],
    ['50', '00010000', 'value'],
    ['51', '000005', 'length'],
    ['51', '000201 31', 'value'],
    ['53', '0000', 'length'],
    ['53', '00053132', 'length'],
    ['54', '01', 'length'],
    ['76', '00', 'length'],
    ['78', '00', 'length'],
    ['79', '01', 'length'],
  ])('OS13: reply %s with %s is refused: %s', (code, hex, error) => {
    expect(parseReply(Number.parseInt(code, 16), fromHex(hex))).toEqual({ ok: false, error });
  });

  it('OS14: the bits behind the last one of a card are cleared, so one card has one form', () => {
    const bitsOf = (hex: string): string => {
      const reply = parseReply(0x50, fromHex(hex));
      return reply.ok && reply.value.type === 'RAW' ? toHex(reply.value.bits) : 'none';
    };
    expect(bitsOf('00011a00bdd9377f')).toBe('bdd93740');
    expect(bitsOf('00011000bdd9')).toBe('bdd9');
    expect(bitsOf('00010100ff')).toBe('80');
  });

  it('OS15: status bytes above 1 are kept', () => {
    expect(parseReply(0x49, fromHex('000203 82ff'))).toEqual({
      ok: true,
      value: { type: 'ISTATR', inputs: fromHex('00020382ff') },
    });
  });
});

it('OS7: no payload makes a parser throw, and what it takes it can write again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 64 }), (code, data) => {
      const command = parseCommand(code, data);
      const reply = parseReply(code, data);
      const again = reply.ok ? encodeReply(reply.value) : { code, data };
      expect(command.ok ? encodeCommand(command.value) : { code, data }).toEqual({ code, data });
      expect(parseReply(again.code, again.data)).toEqual(reply);
      // Padding bits of a card are the one thing not kept.
      const isCard = reply.ok && reply.value.type === 'RAW';
      expect(isCard ? data.length : again.data).toEqual(isCard ? again.data.length : data);
    }),
    { seed: 21, numRuns: 4000 },
  );
});

it('OS16: every key of a keypad has its byte', () => {
  const keys = Array.from({ length: 256 }, (_, byte) => keypadKeyOf(byte));
  expect(Array.from('0123456789', (digit) => keys[digit.charCodeAt(0)])).toEqual('0123456789'.split(''));
  expect([keys[0x7f], keys[0x0d]]).toEqual(['clear', 'enter']);
  expect(keys.slice(0x41, 0x49)).toEqual(['f1', 'f2', 'f3', 'f4', 'f1+f2', 'f2+f3', 'f3+f4', 'f1+f4']);
  expect(keys.filter((key) => key !== undefined)).toHaveLength(20);
});

it('OS17: capabilities are read by function; only compliance 3 and 4 mean that outputs end by themselves', () => {
  const records = [
    { function: 1, compliance: 2, count: 4 },
    { function: 4, compliance: 4, count: 2 },
    { function: 5, compliance: 2, count: 1 },
    { function: 6, compliance: 1, count: 1 },
    { function: 8, compliance: 1, count: 0 },
    { function: 9, compliance: 1, count: 1 },
    { function: 10, compliance: 0xa0, count: 5 },
    { function: 13, compliance: 0, count: 2 },
    { function: 200, compliance: 1, count: 1 },
  ];
  expect(capabilitiesOf(records)).toEqual({
    inputs: 4,
    outputs: 0,
    hasTimedOutputs: false,
    readers: 2,
    leds: 2,
    hasBuzzer: true,
    textDisplays: 1,
    hasCrc: true,
    hasAes128: true,
    hasDefaultKey: true,
    receiveBytes: 1440,
  });
  const timed = [0, 1, 2, 3, 4, 5].map(
    (compliance) => capabilitiesOf([{ function: 2, compliance, count: 1 }]).hasTimedOutputs,
  );
  expect(timed).toEqual([false, false, false, true, true, false]);
  expect(capabilitiesOf([{ function: 10, compliance: 16, count: 0 }]).receiveBytes).toBe(128);
  expect(capabilitiesOf([])).toEqual(noCapabilities);
});

it('OS18: of all NAK codes only 1, 4, 5 and 6 are about more than the one command', () => {
  const special = Array.from({ length: 256 }, (_, code) => [code, consequenceOfNak(code)] as const).filter(
    ([, consequence]) => consequence !== 'decline',
  );
  expect(special).toEqual([
    [1, 'repeat'],
    [4, 'restart'],
    [5, 'distrust'],
    [6, 'distrust'],
  ]);
});
