import { guardLines, guardStart, type GuardHeld, type GuardInput } from './line-guard.ts';

/** A half line, never longer than the longest line. */
export interface SplitterHeld {
  readonly guard: GuardHeld;
  readonly text: string;
}

export const splitterStart: SplitterHeld = { guard: guardStart, text: '' };

/** Splits bytes into lines without their newline, as the controller does; held text is bounded by one line. */
export function splitLines(
  held: SplitterHeld,
  input: GuardInput,
): { readonly held: SplitterHeld; readonly lines: readonly string[] } {
  const { held: guard, passed } = guardLines(held.guard, input);
  const parts = (held.text + String.fromCharCode(...passed)).split('\n');
  const text = parts.pop() ?? '';
  return { held: { guard, text }, lines: parts.filter((line) => line !== '') };
}
