import { createAsciiReader, encodeAsciiLine } from '../../firmware-bridge/protocol/ascii/ascii-profile.ts';
import type { CardReader } from '../../firmware-bridge/protocol/card/card-reader.ts';
import { em18 } from '../../firmware-bridge/protocol/em18/em18.ts';
import { encodeEmDigits } from '../../firmware-bridge/protocol/em4100/em-frame.ts';
import { encodeGwiot7941, gwiot7941 } from '../../firmware-bridge/protocol/gwiot7941/gwiot7941.ts';
import { encodeId12, id12 } from '../../firmware-bridge/protocol/id12/id12.ts';
import { encodeControllerLine, parseControllerLine } from '../../firmware-bridge/protocol/line/line.ts';
import { splitLines, splitterStart } from '../../firmware-bridge/protocol/line/line-splitter.ts';
import { encodePn532Answer, receivePn532 } from '../../firmware-bridge/protocol/pn532/pn532-frame.ts';
import { encodeRdm6300, rdm6300 } from '../../firmware-bridge/protocol/rdm6300/rdm6300.ts';
import { joinBytes, scanStart } from '../../firmware-bridge/protocol/resync/scan-frames.ts';
import type { BenchGroup, Figure } from './figure.ts';

/** What a serial adapter hands over at once, about. */
const PIECE_BYTES = 64;
const FRAMES = 512;

/** A recorded stream and what reads it; the result is how many frames were found. */
interface Subject {
  readonly name: string;
  readonly frames: number;
  readonly stream: Uint8Array;
  readonly parse: (pieces: readonly Uint8Array[]) => number;
}

const numbers = Array.from({ length: FRAMES }, (_, index) =>
  Uint8Array.of(0x6f, index >> 8, 0x7b, index & 0xff, 0x72),
);
const hexOf = (number: Uint8Array): string => Buffer.from(number).toString('hex').toUpperCase();

const asBytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

const talking = <Held>(
  name: string,
  reader: CardReader<Held>,
  encode: (number: Uint8Array) => Uint8Array,
): Subject => ({
  name,
  frames: FRAMES,
  stream: numbers.map(encode).reduce(joinBytes),
  parse: (pieces) => {
    let held = reader.start;
    let cards = 0;
    for (const bytes of pieces) {
      const received = reader.receive(held, { bytes });
      held = received.held;
      for (const { type } of received.events) if (type === 'card') cards += 1;
    }
    return cards;
  },
});

function subjectsOf(): readonly Subject[] {
  const profile = {
    prefix: [0x02],
    suffix: [0x0d, 0x0a],
    radix: 16,
    digits: 10,
    check: 'xor',
    media: 'em',
    byteCount: 5,
    order: 'air',
  } as const;
  const ascii = createAsciiReader(profile);
  if (!ascii.ok) throw new Error('the profile contradicts itself');
  return [
    talking('rdm6300', rdm6300, (number) => encodeRdm6300(hexOf(number))),
    talking('id12', id12, encodeId12),
    // Silence alone parts its frames, which a stream without time has none of: a line end does as well.
    talking('em18', em18, (number) => joinBytes(encodeEmDigits(number), Uint8Array.of(0x0d))),
    talking('gwiot7941', gwiot7941, (number) => encodeGwiot7941(0x02, number)),
    talking('ascii', ascii.value, (number) => encodeAsciiLine(profile, hexOf(number))),
    {
      name: 'pn532',
      frames: FRAMES,
      stream: numbers
        .map((number) => encodePn532Answer(0x4b, [1, 1, 0, 4, 8, 4, ...number.slice(1)]))
        .reduce(joinBytes),
      parse: (pieces) => {
        let held = scanStart;
        let answers = 0;
        for (const bytes of pieces) {
          const received = receivePn532(held, { bytes });
          held = received.held;
          for (const { type } of received.events) if (type === 'answer') answers += 1;
        }
        return answers;
      },
    },
    {
      name: 'line',
      frames: FRAMES,
      stream: numbers
        .map((number, index) => {
          const message = { type: 'card', reader: 0, bitCount: 40, data: hexOf(number) } as const;
          return asBytes(encodeControllerLine({ session: 'a3f017c2', seq: index + 1, message }));
        })
        .reduce(joinBytes),
      parse: (pieces) => {
        let held = splitterStart;
        let cards = 0;
        for (const bytes of pieces) {
          const split = splitLines(held, { bytes });
          held = split.held;
          for (const text of split.lines) if (parseControllerLine(text).ok) cards += 1;
        }
        return cards;
      },
    },
  ];
}

/** The bare baseline: every byte is looked at once and put somewhere else. */
function copy(pieces: readonly Uint8Array[]): number {
  let sum = 0;
  for (const piece of pieces) {
    const copied = new Uint8Array(piece.length);
    for (let at = 0; at < piece.length; at += 1) copied[at] = piece[at] ?? 0;
    sum += copied.length;
  }
  return sum;
}

/** MB/s of the work done `n` times on the pieces. */
function rateOf(n: number, bytes: number, work: () => number, expected: number): number {
  const fromMs = performance.now();
  for (let round = 0; round < n; round += 1) {
    if (work() !== expected) throw new Error('a frame was not found');
  }
  return (n * bytes) / 1000 / (performance.now() - fromMs);
}

/** Measures how fast each reader's bytes become cards: MB/s, beside a loop that only copies the same pieces. */
export const benchReadersParse: BenchGroup = (n, tell) => {
  const figures = subjectsOf().map(({ name, frames, stream, parse }): Figure => {
    tell(`reading ${n} times ${stream.length} bytes of ${name}`);
    const pieces = Array.from({ length: Math.ceil(stream.length / PIECE_BYTES) }, (_, index) =>
      stream.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES),
    );
    // Both once unmeasured, so that neither is timed while it is being compiled.
    for (const work of [copy, parse]) for (let round = 0; round < 3; round += 1) work(pieces);
    const value = rateOf(n, stream.length, () => parse(pieces), frames);
    const baseline = rateOf(n, stream.length, () => copy(pieces), stream.length);
    const rounded = (figure: number): number => Number(figure.toPrecision(4));
    return {
      name: `readers.parse.${name}`,
      value: rounded(value),
      unit: 'MB/s',
      baseline: rounded(baseline),
      ratio: rounded(value / baseline),
      n,
    };
  });
  return Promise.resolve(figures);
};
