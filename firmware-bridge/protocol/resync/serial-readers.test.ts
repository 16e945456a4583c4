import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAsciiReader, encodeAsciiLine, type AsciiProfile } from '../ascii/ascii-profile.ts';
import { bytesOfHex } from '../card/card.ts';
import type { CardReader, CardReadEvent } from '../card/card-reader.ts';
import { em18 } from '../em18/em18.ts';
import { encodeEmDigits, isHexDigit } from '../em4100/em-frame.ts';
import { encodeGwiot7941, gwiot7941 } from '../gwiot7941/gwiot7941.ts';
import { encodeId12, id12 } from '../id12/id12.ts';
import { joinBytes, type LinkInput } from './scan-frames.ts';

/** What the suite needs of a reader, its own held state hidden. */
interface Subject {
  readonly name: string;
  readonly maxHeld: number;
  readonly frames: readonly { readonly bytes: Uint8Array; readonly card: string }[];
  /** Whether a frame's own check tells every changed byte. */
  readonly isChecked: boolean;
  /** Whether frames can be told apart where no silence is between them. */
  readonly isDelimited: boolean;
  readonly run: (inputs: readonly LinkInput[]) => {
    readonly events: readonly CardReadEvent[];
    readonly heldBytes: number;
  };
}

const subject = <Held>(
  reader: CardReader<Held>,
  heldBytes: (held: Held) => number,
  given: Omit<Subject, 'run'>,
): Subject => ({
  ...given,
  run: (inputs) => {
    let held = reader.start;
    let most = 0;
    const events: CardReadEvent[] = [];
    for (const input of inputs) {
      const next = reader.receive(held, input);
      held = next.held;
      most = Math.max(most, heldBytes(held));
      events.push(...next.events);
    }
    return { events, heldBytes: most };
  },
});

const emNumbers = ['6F007B3972', '010063E9AE', '0100E2850E'];

const asciiSubject = (
  name: string,
  profile: AsciiProfile,
  lines: readonly (readonly [string, string])[],
): Subject => {
  const reader = createAsciiReader(profile);
  if (!reader.ok) throw new Error(reader.error);
  return subject(reader.value, (held) => held.line.length, {
    name,
    maxHeld: 32,
    isChecked: profile.check === 'xor',
    isDelimited: profile.prefix.length + profile.suffix.length > 0,
    frames: lines.map(([digits, card]) => ({ bytes: encodeAsciiLine(profile, digits), card })),
  });
};

const subjects: readonly Subject[] = [
  subject(id12, (held) => held.bytes.length, {
    name: 'id12',
    maxHeld: 15,
    isChecked: true,
    isDelimited: true,
    frames: emNumbers.map((hex) => ({ bytes: encodeId12(bytesOfHex(hex)), card: `em:${hex}` })),
  }),
  subject(em18, (held) => held.digits.length, {
    name: 'em18',
    maxHeld: 48,
    isChecked: true,
    isDelimited: true,
    frames: emNumbers.map((hex) => ({ bytes: encodeEmDigits(bytesOfHex(hex)), card: `em:${hex}` })),
  }),
  subject(gwiot7941, (held) => held.bytes.length, {
    name: 'gwiot7941',
    maxHeld: 11,
    isChecked: true,
    isDelimited: true,
    frames: [
      { bytes: encodeGwiot7941(0x02, bytesOfHex('2E00B6D7B5')), card: 'em:2E00B6D7B5' },
      { bytes: encodeGwiot7941(0x01, bytesOfHex('6B3D12D6')), card: 'mf4:6B3D12D6' },
      { bytes: encodeGwiot7941(0x03, bytesOfHex('04A2B3C4D5E680')), card: 'mf7:04A2B3C4D5E680' },
      // Serial numbers made of frame bytes.
      { bytes: encodeGwiot7941(0x01, bytesOfHex('02090103')), card: 'mf4:02090103' },
      { bytes: encodeGwiot7941(0x02, bytesOfHex('03020A0203')), card: 'em:03020A0203' },
    ],
  }),
  asciiSubject(
    'ascii, digits and CR LF',
    {
      prefix: [],
      suffix: [0x0d, 0x0a],
      radix: 10,
      digits: 10,
      check: 'none',
      media: 'id',
      byteCount: 4,
      order: 'air',
    },
    [
      ['0008075634', 'id4:007B3972'],
      ['0006547886', 'id4:0063E9AE'],
    ],
  ),
  asciiSubject(
    'ascii, STX, hex with check, ETX',
    {
      prefix: [0x02],
      suffix: [0x03],
      radix: 16,
      digits: 10,
      check: 'xor',
      media: 'em',
      byteCount: 5,
      order: 'air',
    },
    emNumbers.map((hex) => [hex, `em:${hex}`] as const),
  ),
  asciiSubject(
    'ascii, STX and four digits',
    {
      prefix: [0x02],
      suffix: [],
      radix: 16,
      digits: 4,
      check: 'none',
      media: 'id',
      byteCount: 2,
      order: 'air',
    },
    [
      ['1234', 'id2:1234'],
      ['ABCD', 'id2:ABCD'],
    ],
  ),
  asciiSubject(
    'ascii, bare hex, last byte first',
    {
      prefix: [],
      suffix: [],
      radix: 16,
      digits: 8,
      check: 'none',
      media: 'mf',
      byteCount: 4,
      order: 'reversed',
    },
    [
      ['D6123D6B', 'mf4:6B3D12D6'],
      ['0BE20EFB', 'mf4:FB0EE20B'],
    ],
  ),
];

const idle: LinkInput = { idle: true };
const cardsOf = (events: readonly CardReadEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'card' ? [event.card] : []));
const spoken = (frames: readonly Uint8Array[]): LinkInput[] => frames.flatMap((bytes) => [{ bytes }, idle]);

describe.each(subjects)('$name', ({ frames, run, isChecked, isDelimited, maxHeld }) => {
  const all = frames.map(({ bytes }) => bytes);
  const cards = frames.map(({ card }) => card);

  it('RD5: every frame is its card, in one piece, byte by byte, and with silence between', () => {
    const bytes = (isDelimited ? all : all.slice(0, 1)).reduce(joinBytes);
    expect(run(spoken(all)).events).toEqual(cards.map((card) => ({ type: 'card', card })));
    expect(cardsOf(run([{ bytes }, idle]).events)).toEqual(isDelimited ? cards : cards.slice(0, 1));
    const single = Array.from(bytes, (byte) => ({ bytes: Uint8Array.of(byte) }));
    expect(run([...single, idle]).events).toEqual(run([{ bytes }, idle]).events);
  });

  it('RD1, RD6: behind every single corrupted byte each following frame is delivered', () => {
    const [first = new Uint8Array()] = all;
    for (let at = 0; at < first.length; at += 1) {
      for (let value = 0; value <= 0xff; value += 1) {
        if (value === first[at]) continue;
        const bad = first.slice();
        bad[at] = value;
        const { events } = run(spoken([bad, ...all]));
        const read = cardsOf(events);
        expect(read.slice(-cards.length)).toEqual(cards);
        // Lower case hex is the same number.
        const isSame = read.length === cards.length + 1 && read[0] === cards[0];
        const isTold = read.length === cards.length && events.length > cards.length;
        expect(!isChecked || isSame || isTold).toBe(true);
      }
    }
  });

  it('RD1, RD6: behind every lost and every doubled byte each following frame is delivered', () => {
    const [first = new Uint8Array()] = all;
    for (let at = 0; at < first.length; at += 1) {
      const lost = joinBytes(first.subarray(0, at), first.subarray(at + 1));
      const doubled = joinBytes(first.subarray(0, at + 1), first.subarray(at));
      for (const bad of [lost, doubled])
        expect(cardsOf(run(spoken([bad, ...all])).events).slice(-cards.length)).toEqual(cards);
    }
  });

  it('RD1: a frame that begins while another is cut short is delivered, with no silence between', () => {
    const [first = new Uint8Array()] = all;
    // A line without a beginning of its own is told from the one before it by its end or by silence only.
    const hasHead = !isHexDigit(first[0] ?? 0);
    for (let cut = 1; cut < first.length; cut += 1) {
      const between: readonly LinkInput[] = hasHead ? [] : [idle];
      const { events } = run([{ bytes: first.subarray(0, cut) }, ...between, { bytes: first }, idle]);
      expect(cardsOf(events).slice(-1)).toEqual(cards.slice(0, 1));
    }
  });

  it('RD3: a frame cut short joins nothing after the silence', () => {
    const [first = new Uint8Array()] = all;
    for (let cut = 1; cut < first.length; cut += 1) {
      const { events } = run([{ bytes: first.subarray(0, cut) }, idle, { bytes: first.subarray(cut) }, idle]);
      expect(cardsOf(events)).toEqual([]);
      expect(events.length).toBeGreaterThan(0);
    }
  });

  it('RD2, RD4: any stream is taken, little is held, good frames after it and a silence are delivered', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.constantFrom(...all),
      fc.constantFrom(...all).map((bytes) => bytes.slice(1)),
      fc.constantFrom(...all).map((bytes) => bytes.slice(0, -1)),
      fc
        .stringMatching(/^[0-9A-F]{0,60}$/)
        .map((text) => Uint8Array.from(text, (sign) => sign.charCodeAt(0))),
    );
    const input = fc.oneof(
      { weight: 4, arbitrary: piece.map((bytes) => ({ bytes })) },
      { weight: 1, arbitrary: fc.constant(idle) },
    );
    fc.assert(
      fc.property(fc.array(input, { maxLength: 20 }), (inputs) => {
        const { events, heldBytes } = run([...inputs, idle, ...spoken(all)]);
        expect(heldBytes).toBeLessThanOrEqual(maxHeld);
        expect(cardsOf(events).slice(-cards.length)).toEqual(cards);
      }),
      { seed: 310, numRuns: 300 },
    );
  });

  it('RD2, RD4: a flood of one byte is held no longer than a frame', () => {
    for (const byte of [0x02, 0x30, 0x00, 0xff, 0x0d]) {
      const flood = { bytes: new Uint8Array(20_000).fill(byte) };
      const { events, heldBytes } = run([flood, flood, idle, ...spoken(all)]);
      expect(heldBytes).toBeLessThanOrEqual(maxHeld);
      expect(cardsOf(events).slice(-cards.length)).toEqual(cards);
    }
  });
});

it.each([
  ['id12', id12, '02303130304532383530453638' + '0D0A03', 'em:0100E2850E'],
  ['id12', id12, '02' + '366630303762333937323566' + '0D0A03', 'em:6F007B3972'],
  ['gwiot7941', gwiot7941, '020A022E00B6D7B5F203', 'em:2E00B6D7B5'],
  ['gwiot7941', gwiot7941, '0209016B3D12D69A03', 'mf4:6B3D12D6'],
] as const)('RD10: %s reads the worked frame %#', (_, reader, hex, card) => {
  expect(reader.receive(reader.start, { bytes: bytesOfHex(hex) }).events).toEqual([{ type: 'card', card }]);
});

it('RD10: EM-18 reads and every encoder writes the worked frames', () => {
  const text = '4500C5D1E9B8';
  const bytes = Uint8Array.from(text, (sign) => sign.charCodeAt(0));
  const { held } = em18.receive(em18.start, { bytes });
  expect(em18.receive(held, idle).events).toEqual([{ type: 'card', card: 'em:4500C5D1E9' }]);
  expect(encodeEmDigits(bytesOfHex('4500C5D1E9'))).toEqual(bytes);
  expect(encodeId12(bytesOfHex('0100E2850E'))).toEqual(bytesOfHex('023031303045323835304536380D0A03'));
  expect(encodeGwiot7941(0x01, bytesOfHex('6B3D12D6'))).toEqual(bytesOfHex('0209016B3D12D69A03'));
});

it('RD7, RD8: EM-18 takes a run of whole frames apart, and any other run from its end', () => {
  const [one, two, three] = emNumbers.map((hex) => encodeEmDigits(bytesOfHex(hex))) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const read = (...pieces: Uint8Array[]): readonly CardReadEvent[] => {
    const { held, events } = em18.receive(em18.start, { bytes: pieces.reduce(joinBytes) });
    return [...events, ...em18.receive(held, idle).events];
  };
  const [a, b, c] = emNumbers.map((hex): CardReadEvent => ({ type: 'card', card: `em:${hex}` }));
  const damaged: CardReadEvent = { type: 'damaged' };
  expect(read(one, two, three)).toEqual([a, b, c]);
  expect(read(one, Uint8Array.of(0x0d, 0x0a), two)).toEqual([a, b]);
  expect(read(one.slice(1), two)).toEqual([damaged, b]);
  expect(read(one, two.slice(1))).toEqual([damaged]);
  expect(read(one.slice(1))).toEqual([damaged]);
  expect(read(one, one, one, one, two)).toEqual([damaged, b]);
  expect(read(Uint8Array.of(0xff), one)).toEqual([a, { type: 'noise', bytes: 1 }].toReversed());
});

it('RD9: a blank number is damage', () => {
  for (const value of [0x00, 0xff]) {
    const number = new Uint8Array(5).fill(value);
    const id12Read = id12.receive(id12.start, { bytes: encodeId12(number) });
    expect(id12Read.events).toEqual([{ type: 'damaged' }]);
    const run = em18.receive(em18.start, { bytes: encodeEmDigits(number) });
    expect(em18.receive(run.held, idle).events).toEqual([{ type: 'damaged' }]);
    const gwiotRead = gwiot7941.receive(gwiot7941.start, { bytes: encodeGwiot7941(0x02, number) });
    expect(gwiotRead.events).toEqual([{ type: 'damaged' }]);
  }
});

it('RD11: a 7941 frame whose type and length do not fit is damage', () => {
  for (const [type, serial] of [
    [0x02, '6B3D12D6'],
    [0x01, '2E00B6D7B5'],
    [0x04, '6B3D12D6'],
    [0x01, '6B3D12D600'],
  ] as const) {
    const { events } = gwiot7941.receive(gwiot7941.start, {
      bytes: encodeGwiot7941(type, bytesOfHex(serial)),
    });
    expect(events[0]).toEqual({ type: 'damaged' });
    expect(cardsOf(events)).toEqual([]);
  }
});

it('RD11: a good 7941 frame inside one of an unknown type is delivered, a wrong last byte is damage', () => {
  const inner = bytesOfHex('0209016B3D12D69A03');
  const outer = joinBytes(bytesOfHex('020C0E'), inner);
  expect(gwiot7941.receive(gwiot7941.start, { bytes: outer }).events).toEqual([
    { type: 'damaged' },
    { type: 'card', card: 'mf4:6B3D12D6' },
  ]);
  const wrong = inner.with(-1, 0x04);
  expect(gwiot7941.receive(gwiot7941.start, { bytes: wrong }).events).toEqual([{ type: 'damaged' }]);
});

it('RD1: three 7941 frames behind one corrupted length byte all come, with no silence between', () => {
  const frame = bytesOfHex('020A022E00B6D7B5F203');
  for (let length = 0; length <= 0xff; length += 1) {
    if (length === 0x0a) continue;
    const bad = frame.slice();
    bad[1] = length;
    const { events } = gwiot7941.receive(gwiot7941.start, {
      bytes: [bad, frame, frame, frame].reduce(joinBytes),
    });
    expect(cardsOf(events)).toHaveLength(3);
  }
});

it('RD6: noise is counted by its bytes and apart from damage', () => {
  const frame = encodeId12(bytesOfHex('6F007B3972'));
  const { events } = id12.receive(id12.start, {
    bytes: [Uint8Array.of(0xff, 0xfe), frame, frame.slice(0, 9), frame].reduce(joinBytes),
  });
  expect(events).toEqual([
    { type: 'noise', bytes: 2 },
    { type: 'card', card: 'em:6F007B3972' },
    { type: 'damaged' },
    { type: 'card', card: 'em:6F007B3972' },
  ]);
});
