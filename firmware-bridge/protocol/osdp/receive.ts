import { joinBytes } from './byte-order.ts';
import { frameLengthAt, MARK, parseFrame, SOM, type Frame } from './frame.ts';

/** Bytes of a frame that is not whole yet; always fewer than one frame can have. */
export interface Held {
  readonly bytes: Uint8Array;
}

export const heldNothing: Held = { bytes: new Uint8Array(0) };

/** Bytes in pieces of any size, or silence for longer than the gap allowed inside a frame. */
export type ReceiveInput = { readonly bytes: Uint8Array } | { readonly idle: true };

/**
 * `frame`: a whole frame in the direction listened to, of whatever address. `skipped`: a whole frame in the other
 * direction: our own echo, or somebody else's. `noise`: bytes that belong to no frame. `damaged`: something began
 * like a frame and was none.
 */
export type ReceiveEvent =
  | { readonly type: 'frame'; readonly frame: Frame }
  | { readonly type: 'skipped'; readonly bytes: number }
  | { readonly type: 'noise'; readonly bytes: number }
  | { readonly type: 'damaged' };

export type Direction = 'replies' | 'commands';

/**
 * Finds the frames of one direction in what a line carries. A candidate that turns out bad costs its first byte
 * only, whatever length it claimed, so no good frame behind it is lost; a good frame is taken whole, so that
 * nothing inside its data is ever read as a frame.
 * @see RULES.md OS1-OS7
 */
export function receive(
  held: Held,
  input: ReceiveInput,
  direction: Direction = 'replies',
): { readonly held: Held; readonly events: readonly ReceiveEvent[] } {
  const isIdle = 'idle' in input;
  const bytes = isIdle
    ? held.bytes
    : held.bytes.length === 0
      ? input.bytes
      : joinBytes(held.bytes, input.bytes);
  const events: ReceiveEvent[] = [];
  let noise = 0;
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] !== SOM) {
      // Marks are filling between frames, as many as the sender likes.
      if (bytes[at] !== MARK) noise += 1;
      at += 1;
      continue;
    }
    const length = frameLengthAt(bytes, at);
    const isWaiting = length.ok ? at + length.value > bytes.length : length.error === 'incomplete';
    if (isWaiting && !isIdle) break;
    const found = length.ok && !isWaiting ? parseFrame(bytes.subarray(at, at + length.value)) : undefined;
    if (found?.ok) {
      const { value: frame } = found;
      if (frame.isReply === (direction === 'replies')) events.push({ type: 'frame', frame });
      else events.push({ type: 'skipped', bytes: frame.bytes.length });
      at += frame.bytes.length;
    } else {
      events.push({ type: 'damaged' });
      noise += 1;
      at += 1;
    }
  }
  if (noise > 0) events.push({ type: 'noise', bytes: noise });
  return { held: at === bytes.length ? heldNothing : { bytes: bytes.slice(at) }, events };
}
