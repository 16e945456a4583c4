import { cutMark, maxLineBytes } from './line.ts';

const newline = 0x0a;
const cut = cutMark.charCodeAt(0);

/** How many bytes of the present line went through, and whether the rest of it is being dropped. */
export interface GuardHeld {
  readonly lineBytes: number;
  readonly isCutting: boolean;
}

export const guardStart: GuardHeld = { lineBytes: 0, isCutting: false };

export type GuardInput = { readonly bytes: Uint8Array } | { readonly idle: true };

/**
 * Bounds what a line splitter behind it can ever hold: a line longer than `maxLineBytes` passes cut there, with
 * the cut mark at its end, and the splitter is in step again at the next newline. Silence ends a half line.
 * @see RULES.md FB22-FB23
 */
export function guardLines(
  held: GuardHeld,
  input: GuardInput,
): { readonly held: GuardHeld; readonly passed: Uint8Array } {
  if ('idle' in input) {
    return { held: guardStart, passed: held.lineBytes > 0 ? Uint8Array.of(newline) : new Uint8Array() };
  }
  let { lineBytes, isCutting } = held;
  // A cut adds one byte, and only where it drops at least one.
  const passed = new Uint8Array(input.bytes.length);
  let length = 0;
  for (const byte of input.bytes) {
    if (byte === newline) {
      passed[length] = byte;
      length += 1;
      lineBytes = 0;
      isCutting = false;
    } else if (!isCutting) {
      isCutting = lineBytes === maxLineBytes - 1;
      passed[length] = isCutting ? cut : byte;
      length += 1;
      lineBytes += 1;
    }
  }
  return { held: { lineBytes, isCutting }, passed: passed.subarray(0, length) };
}
