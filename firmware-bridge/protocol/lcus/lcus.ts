import { joinBytes, type LinkInput } from '../resync/scan-frames.ts';

const head = 0xa0;
const maxChannels = 8;

/**
 * LCUS USB relay: `A0`, channel, 0 or 1, sum. It neither acknowledges nor times anything, so it may drive a lock
 * only through a one-shot of hardware.
 * @param channel 1 to 8
 * @throws RangeError for another channel.
 * @see RULES.md RL17
 */
export function encodeLcusRelay(channel: number, isOn: boolean): Uint8Array {
  if (!Number.isInteger(channel) || channel < 1 || channel > maxChannels)
    throw new RangeError('channel out of range');
  const operation = isOn ? 1 : 0;
  return Uint8Array.of(head, channel, operation, (head + channel + operation) & 0xff);
}

/** Asks for the state of every relay; one-channel boards mostly stay silent. */
export const lcusQuery: Uint8Array = Uint8Array.of(0xff);

/** The answer so far; `isForeign` once it is longer than any. */
export interface LcusHeld {
  readonly answer: Uint8Array;
  readonly isForeign: boolean;
}

export const lcusStart: LcusHeld = { answer: new Uint8Array(), isForeign: false };

export type LcusEvent =
  /** The relays from channel 1 on. */
  { readonly type: 'relays'; readonly isOn: readonly boolean[] } | { readonly type: 'damaged' };

/** Eight lines of `CH1: OFF` and their ends, with room for blanks. */
const maxAnswerBytes = 128;

/**
 * Takes the answer to a query, as lines of text or as one byte a channel; only one that tells every channel counts.
 * Silence of some 50 ms alone ends an answer.
 * @param channels how many the board has
 * @see RULES.md RL18-RL19
 */
export function receiveLcus(
  channels: number,
  held: LcusHeld,
  input: LinkInput,
): { readonly held: LcusHeld; readonly events: readonly LcusEvent[] } {
  if ('bytes' in input) {
    const answer = joinBytes(held.answer, input.bytes);
    const isForeign = held.isForeign || answer.length > maxAnswerBytes;
    return { held: { answer: isForeign ? new Uint8Array() : answer, isForeign }, events: [] };
  }
  if (held.answer.length === 0 && !held.isForeign) return { held: lcusStart, events: [] };
  const isOn = held.isForeign ? undefined : (relaysOfBytes(held.answer) ?? relaysOfText(held.answer));
  const isWhole = isOn !== undefined && isOn.length === channels;
  return { held: lcusStart, events: [isWhole ? { type: 'relays', isOn } : { type: 'damaged' }] };
}

const relaysOfBytes = (answer: Uint8Array): boolean[] | undefined =>
  answer.every((byte) => byte <= 1) ? Array.from(answer, (byte) => byte === 1) : undefined;

function relaysOfText(answer: Uint8Array): boolean[] | undefined {
  const lines = String.fromCharCode(...answer)
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== '');
  const isOn = lines.map((line, index) => {
    const [, channel, state] = /^\s*CH(\d):\s*(ON|OFF)\s*$/i.exec(line) ?? [];
    return Number(channel) === index + 1 ? state?.toUpperCase() === 'ON' : undefined;
  });
  const known = isOn.filter((state) => state !== undefined);
  return known.length === lines.length ? known : undefined;
}
