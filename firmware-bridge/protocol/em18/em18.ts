import type { CardReader, CardReadEvent } from '../card/card-reader.ts';
import { emCardOf, emDigits, isHexDigit } from '../em4100/em-frame.ts';
import { joinBytes } from '../resync/scan-frames.ts';

/** The digits since the last silence or other byte. */
export interface Em18Held {
  readonly digits: Uint8Array;
  /** More came in one run than is kept: what is left has an end and no beginning. */
  readonly isOverlong: boolean;
}

/** A late event loop may see a few frames as one run; nothing longer comes from a card. */
const maxRunDigits = 4 * emDigits;
const lineEnds: readonly number[] = [0x0d, 0x0a];

/**
 * EM-18: 12 digits and nothing around them, sent once for a card, so only silence (or a byte that is no digit)
 * tells where a frame begins and ends. A run that is no whole number of frames is read from its end only, where
 * the silence is: the check alone is one byte and would pass a shifted frame once in 256.
 * @see RULES.md RD7-RD9
 */
export const em18: CardReader<Em18Held> = {
  start: { digits: new Uint8Array(), isOverlong: false },
  receive(held, input) {
    const events: CardReadEvent[] = [];
    let { digits, isOverlong } = held;
    let noise = 0;
    const endRun = (): void => {
      events.push(...readRun(digits, isOverlong));
      digits = new Uint8Array();
      isOverlong = false;
    };
    if ('idle' in input) endRun();
    else {
      for (let at = 0; at < input.bytes.length;) {
        let end = at;
        while (end < input.bytes.length && isHexDigit(input.bytes[end] ?? 0)) end += 1;
        const run = joinBytes(digits, input.bytes.subarray(at, end));
        isOverlong ||= run.length > maxRunDigits;
        digits = run.slice(-maxRunDigits);
        if (end < input.bytes.length) {
          endRun();
          if (!lineEnds.includes(input.bytes[end] ?? 0)) noise += 1;
        }
        at = end + 1;
      }
    }
    if (noise > 0) events.push({ type: 'noise', bytes: noise });
    return { held: { digits, isOverlong }, events };
  },
  baud: 9600,
  silenceMs: 50,
};

function readRun(digits: Uint8Array, isOverlong: boolean): readonly CardReadEvent[] {
  if (digits.length === 0) return [];
  if (!isOverlong && digits.length % emDigits === 0) {
    return Array.from({ length: digits.length / emDigits }, (_, index) =>
      eventOf(digits.subarray(index * emDigits, (index + 1) * emDigits)),
    );
  }
  const last = digits.length < emDigits ? { type: 'damaged' as const } : eventOf(digits.slice(-emDigits));
  return last.type === 'damaged' ? [last] : [{ type: 'damaged' }, last];
}

function eventOf(digits: Uint8Array): CardReadEvent {
  const card = emCardOf(digits);
  return card === undefined ? { type: 'damaged' } : { type: 'card', card };
}
