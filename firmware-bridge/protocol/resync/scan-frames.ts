/** What a link gives a receiver: bytes in pieces of any size, or silence. */
export type LinkInput = { readonly bytes: Uint8Array } | { readonly idle: true };

/**
 * What the bytes at the front are: a whole frame of `length` bytes; the beginning of one; `broken`, which began as
 * a frame and is none; `filler`, which may stand between frames; or `noise`.
 */
export type Front = { readonly length: number } | 'partial' | 'broken' | 'filler' | 'noise';

/** Bytes that may still become a frame: at most one byte less than the longest frame `look` knows. */
export interface ScanHeld {
  readonly bytes: Uint8Array;
  /** The bytes up to the next frame are the rest of a damaged one: already counted, not noise. */
  readonly isInDamage: boolean;
}

export const scanStart: ScanHeld = { bytes: new Uint8Array(), isInDamage: false };

export type ScanEvent =
  | { readonly type: 'frame'; readonly bytes: Uint8Array }
  | { readonly type: 'damaged' }
  | { readonly type: 'noise'; readonly bytes: number };

/**
 * Finds the frames in a stream. A candidate that turns out bad costs its first byte, never the length it claims;
 * silence ends a candidate that has not become whole, and what lies behind its first byte is looked at again.
 * @param look judges the bytes at the front; it reads no further than one frame, so the work is linear.
 * @see RULES.md RD1-RD4
 */
export function scanFrames(
  held: ScanHeld,
  input: LinkInput,
  look: (bytes: Uint8Array, isLast: boolean) => Front,
): { readonly held: ScanHeld; readonly events: readonly ScanEvent[] } {
  const isIdle = 'idle' in input;
  const bytes = isIdle ? held.bytes : joinBytes(held.bytes, input.bytes);
  const events: ScanEvent[] = [];
  let { isInDamage } = held;
  let noise = 0;
  let at = 0;
  const tell = (event: ScanEvent): void => {
    if (noise > 0) events.push({ type: 'noise', bytes: noise });
    noise = 0;
    events.push(event);
  };
  while (at < bytes.length) {
    const front = look(bytes.subarray(at), isIdle);
    if (front === 'partial' && !isIdle) break;
    if (front === 'partial' || front === 'broken') {
      tell({ type: 'damaged' });
      isInDamage = true;
      at += 1;
    } else if (front === 'noise' || front === 'filler') {
      if (front === 'noise' && !isInDamage) noise += 1;
      at += 1;
    } else {
      tell({ type: 'frame', bytes: bytes.slice(at, at + front.length) });
      isInDamage = false;
      at += front.length;
    }
  }
  if (noise > 0) events.push({ type: 'noise', bytes: noise });
  return { held: { bytes: bytes.slice(at), isInDamage: isInDamage && !isIdle }, events };
}

/** The two pieces in one array of their own. */
export function joinBytes(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}

/** The exclusive or of all bytes. */
export const xorOf = (bytes: Iterable<number>): number => {
  let xor = 0;
  for (const byte of bytes) xor ^= byte;
  return xor;
};
