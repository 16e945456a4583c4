import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutMark, maxLineBytes, parseHostLine } from './line.ts';
import { guardLines, guardStart } from './line-guard.ts';
import { splitLines, splitterStart } from './line-splitter.ts';

const seed = 22;
const good = '>a3f017c2 2 T*CB7E';
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

function splitAll(chunks: readonly Uint8Array[]): { lines: string[]; longest: number } {
  let held = splitterStart;
  let longest = 0;
  const lines: string[] = [];
  for (const bytes of chunks) {
    const split = splitLines(held, { bytes });
    held = split.held;
    longest = Math.max(longest, held.text.length);
    lines.push(...split.lines);
  }
  return { lines, longest };
}

/** Bytes with newlines often enough that lines of every length come up. */
const stream = fc.array(
  fc.oneof({ weight: 30, arbitrary: fc.nat(255) }, { weight: 1, arbitrary: fc.constant(0x0a) }),
  { maxLength: 600 },
);

describe('guardLines', () => {
  it('FB22: whatever comes, what passes between two newlines is never longer than a line', () => {
    fc.assert(
      fc.property(fc.array(stream, { maxLength: 5 }), (chunks) => {
        let held = guardStart;
        let passedText = '';
        for (const chunk of chunks) {
          const guarded = guardLines(held, { bytes: Uint8Array.from(chunk) });
          held = guarded.held;
          passedText += Buffer.from(guarded.passed).toString('latin1');
        }
        for (const line of passedText.split('\n')) expect(line.length).toBeLessThanOrEqual(maxLineBytes);
        expect(passedText.split('\n').length).toBe(chunks.flat().filter((byte) => byte === 0x0a).length + 1);
      }),
      { seed },
    );
  });

  it('FB22: an endless line holds one line of memory, is told once as overlong, and the next line is whole', () => {
    const megabyte = new Uint8Array(1_000_000).fill(0x41);
    const { lines, longest } = splitAll([megabyte, bytesOf(`\n${good}\n`)]);
    expect(longest).toBeLessThanOrEqual(maxLineBytes);
    expect(lines).toEqual([`${'A'.repeat(maxLineBytes - 1)}${cutMark}`, good]);
    expect(parseHostLine(lines[0] ?? '')).toEqual({ ok: false, error: 'overlong' });
  });

  it('FB22: a line of exactly the longest length passes whole', () => {
    const longest = 'x'.repeat(maxLineBytes - 1);
    expect(splitAll([bytesOf(`${longest}\n`)]).lines).toEqual([longest]);
    expect(splitAll([bytesOf(`${longest}x\n`)]).lines).toEqual([longest + cutMark]);
  });

  it('FB23: a stream cut anywhere is the same lines', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(600), { maxLength: 20 }), (bytes, cuts) => {
        const whole = Uint8Array.from(bytes);
        const points = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
        const chunks = points.slice(1).map((end, index) => whole.subarray(points[index] ?? 0, end));
        expect(splitAll(chunks).lines).toEqual(splitAll([whole]).lines);
      }),
      { seed },
    );
  });

  it('FB23: silence ends half a line, so noise does not swallow the good line after it', () => {
    const noisy = splitLines(splitterStart, { bytes: bytesOf('\x00\xff#') });
    const silent = splitLines(noisy.held, { idle: true });
    expect(silent.lines).toEqual(['\x00\xff#']);
    expect(splitLines(silent.held, { bytes: bytesOf(`${good}\n`) }).lines).toEqual([good]);
    expect(splitLines(splitterStart, { idle: true }).lines).toEqual([]);
  });
});
