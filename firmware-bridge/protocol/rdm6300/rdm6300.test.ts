import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CardReadEvent } from '../card/card-reader.ts';
import type { ScanHeld } from '../resync/scan-frames.ts';
import { encodeRdm6300, rdm6300 } from './rdm6300.ts';

const seed = 6300;

/** Public examples of the module's frames; the checks were computed anew. */
const fixtures = [
  { card: '6F007B3972', hex: '0236463030374233393732354603' },
  { card: '010063E9AE', hex: '0230313030363345394145323503' },
  { card: '0100E2850E', hex: '0230313030453238353045363803' },
] as const;

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

function receiveAll(chunks: readonly Uint8Array[]): { events: readonly CardReadEvent[]; held: ScanHeld } {
  let held = rdm6300.start;
  const events: CardReadEvent[] = [];
  for (const bytes of chunks) {
    const received = rdm6300.receive(held, { bytes });
    held = received.held;
    events.push(...received.events);
  }
  return { events, held };
}

const cardsOf = (events: readonly CardReadEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'card' ? [event.card.replace(/^em:/, '')] : []));

const damagedOf = (events: readonly CardReadEvent[]): number =>
  events.filter(({ type }) => type === 'damaged').length;

/** What a reader sent while three cards were shown, one after the other, each repeated. */
const recorded = Uint8Array.from(fixtures.flatMap(({ hex }) => [...bytesOf(hex), ...bytesOf(hex)]));
const recordedCards = fixtures.flatMap(({ card }) => [card, card]);

describe('rdm6300', () => {
  it('FB1: decodes the published frames and encodes them back', () => {
    for (const { card, hex } of fixtures) {
      expect(receiveAll([bytesOf(hex)]).events).toEqual([{ type: 'card', card: `em:${card}` }]);
      expect(Buffer.from(encodeRdm6300(card)).toString('hex')).toBe(hex);
    }
  });

  it('FB1: hex digits of either case are the same card', () => {
    const lower = Uint8Array.from(bytesOf(fixtures[0].hex), (byte) =>
      byte >= 0x41 && byte <= 0x46 ? byte + 0x20 : byte,
    );
    expect(cardsOf(receiveAll([lower]).events)).toEqual([fixtures[0].card]);
  });

  it('FB1: every card number keeps its ten digits, leading zeros too', () => {
    const number = fc.uint8Array({ minLength: 5, maxLength: 5 }).filter((data) => new Set(data).size > 1);
    fc.assert(
      fc.property(number, (data) => {
        const card = Buffer.from(data).toString('hex').toUpperCase();
        expect(cardsOf(receiveAll([encodeRdm6300(card)]).events)).toEqual([card]);
      }),
      { seed },
    );
  });

  it('FB2: frames cut anywhere are the same frames', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(recorded.length), { maxLength: 30 }), (cuts) => {
        const points = [0, ...cuts.toSorted((a, b) => a - b), recorded.length];
        const chunks = points.slice(1).map((end, index) => recorded.subarray(points[index] ?? 0, end));
        expect(receiveAll(chunks).events).toEqual(
          recordedCards.map((card) => ({ type: 'card', card: `em:${card}` })),
        );
      }),
      { seed },
    );
  });

  it('FB3: whatever one byte becomes, at any place, only the frame it stands in is lost', () => {
    for (let at = 0; at < recorded.length; at += 1) {
      const hit = Math.floor(at / 14);
      const others = recordedCards.filter((_, index) => index !== hit);
      for (let value = 0; value < 256; value += 1) {
        const stream = Uint8Array.from(recorded);
        stream[at] = value;
        const cards = cardsOf(receiveAll([stream]).events);
        // The same digit in lower case is no corruption.
        const isWhole = cards.length === recordedCards.length;
        expect(cards, `byte ${at} = ${value}`).toEqual(isWhole ? recordedCards : others);
      }
    }
  });

  it('FB3: a byte lost or doubled, at any place, costs no other frame', () => {
    for (let at = 0; at < recorded.length; at += 1) {
      const others = recordedCards.filter((_, index) => index !== Math.floor(at / 14));
      const lost = [...recorded.subarray(0, at), ...recorded.subarray(at + 1)];
      const doubled = [...recorded.subarray(0, at), ...recorded.subarray(at)];
      doubled.splice(at, 0, recorded[at] ?? 0);
      expect(cardsOf(receiveAll([Uint8Array.from(lost)]).events), `lost ${at}`).toEqual(others);
      const kept = cardsOf(receiveAll([Uint8Array.from(doubled)]).events);
      // A doubled first or last byte lies outside the frame.
      expect(kept, `doubled ${at}`).toEqual(at % 14 === 0 || at % 14 === 13 ? recordedCards : others);
    }
  });

  it('FB4: a frame with a wrong check is counted as damaged and is no card', () => {
    const wrong = bytesOf('0236463030374233393732354503');
    expect(receiveAll([wrong]).events).toEqual([{ type: 'damaged' }]);
  });

  it('FB4: silence in the middle of a frame counts it as damaged, and the next one is whole', () => {
    const frame = bytesOf(fixtures[0].hex);
    const cut = rdm6300.receive(rdm6300.start, { bytes: frame.subarray(0, 9) });
    const silent = rdm6300.receive(cut.held, { idle: true });
    expect(silent.events).toEqual([{ type: 'damaged' }]);
    expect(rdm6300.receive(silent.held, { bytes: frame }).events).toEqual([
      { type: 'card', card: `em:${fixtures[0].card}` },
    ]);
    expect(rdm6300.receive(rdm6300.start, { idle: true }).events).toEqual([]);
  });

  it('FB4: bytes outside any frame are noise, told once a run', () => {
    const stream = Uint8Array.from([0x00, 0xff, 0x0d, ...bytesOf(fixtures[0].hex), 0x0a]);
    expect(receiveAll([stream]).events).toEqual([
      { type: 'noise', bytes: 3 },
      { type: 'card', card: `em:${fixtures[0].card}` },
      { type: 'noise', bytes: 1 },
    ]);
  });

  it('FB5: a number of only zeros or only ones is damage, not a card', () => {
    for (const blank of ['0000000000', 'FFFFFFFFFF']) {
      const { events } = receiveAll([encodeRdm6300(blank)]);
      expect(cardsOf(events)).toEqual([]);
      expect(damagedOf(events)).toBe(1);
    }
  });

  it('FB6: whatever comes, less than one frame is held and the next good frame is delivered', () => {
    const nasty = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom(...fixtures.map(({ hex }) => bytesOf(hex).subarray(0, 11))),
      fc.constant(Uint8Array.of(0x02, 0x02, 0x02)),
    );
    fc.assert(
      fc.property(fc.array(nasty, { maxLength: 20 }), (chunks) => {
        const { held } = receiveAll(chunks);
        expect(held.bytes.length).toBeLessThan(14);
        const { events } = receiveAll([...chunks, bytesOf(fixtures[1].hex)]);
        expect(cardsOf(events).at(-1)).toBe(fixtures[1].card);
      }),
      { seed },
    );
  });
});
