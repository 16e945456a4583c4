import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepUpload, type UploadAnswer, type UploadState } from './step-upload.ts';

const ready = (from: number, failures = 0): UploadState => ({ kind: 'ready', from, failures });
const isOurs = (size: number, head: string): boolean => size <= 100 && head === `h${size}`;
const step = (state: UploadState, answer: UploadAnswer) => stepUpload(state, answer, isOurs);

describe('stepUpload', () => {
  it('GU1: an acknowledgement with our own hash moves on', () => {
    expect(step(ready(10), { kind: 'acknowledged', size: 60, head: 'h60' })).toEqual({
      state: ready(60),
      acknowledged: { size: 60, head: 'h60' },
      pause: 'none',
    });
  });

  it.each(['acknowledged', 'gap'] as const)(
    'GU1, GU4: %s with another hash stops, and notes nothing',
    (kind) => {
      for (const [size, head] of [
        [60, 'x'],
        [200, 'h200'],
      ] as const) {
        expect(step(ready(10), { kind, size, head })).toEqual({
          state: { kind: 'stopped' },
          acknowledged: null,
          pause: 'long',
        });
      }
    },
  );

  it('GU2: after a gap the upload goes back or forth to where the server stands', () => {
    expect(step(ready(50, 3), { kind: 'gap', size: 20, head: 'h20' })).toMatchObject({ state: ready(20) });
    expect(step(ready(20), { kind: 'gap', size: 50, head: 'h50' })).toMatchObject({ state: ready(50) });
  });

  it('GU3: an answer that moves nothing counts as a failure, or two programs would talk for ever', () => {
    expect(step(ready(50), { kind: 'acknowledged', size: 50, head: 'h50' })).toEqual({
      state: ready(50, 1),
      acknowledged: null,
      pause: 'back-off',
    });
    expect(step(ready(50), { kind: 'gap', size: 50, head: 'h50' })).toMatchObject({ pause: 'back-off' });
  });

  it.each([
    ['unreachable', 'back-off'],
    ['refused', 'long'],
    ['invalid', 'long'],
  ] as const)('GU3: %s is tried again after a pause: %s', (kind, pause) => {
    expect(step(ready(5, 2), { kind })).toEqual({ state: ready(5, 3), acknowledged: null, pause });
  });

  it('GU4: a conflict stops for good', () => {
    const stopped = step(ready(5), { kind: 'conflict' }).state;
    expect(stopped).toEqual({ kind: 'stopped' });
    expect(step(stopped, { kind: 'acknowledged', size: 60, head: 'h60' })).toMatchObject({
      state: stopped,
      acknowledged: null,
    });
  });

  it('GU1: over any answers, what is noted is ours', () => {
    const answer = fc.oneof(
      fc.record({
        kind: fc.constantFrom('acknowledged' as const, 'gap' as const),
        size: fc.nat(150),
        head: fc.nat(150).map((size) => `h${size}`),
      }),
      fc.record({ kind: fc.constantFrom('conflict', 'invalid', 'refused', 'unreachable') }),
    );
    fc.assert(
      fc.property(fc.array(answer, { maxLength: 30 }), (answers) => {
        let state = ready(0);
        for (const each of answers) {
          const next = step(state, each as UploadAnswer);
          const noted = next.acknowledged;
          const isSound =
            noted === null ||
            (isOurs(noted.size, noted.head) && next.state.kind === 'ready' && next.state.from === noted.size);
          expect(isSound).toBe(true);
          expect(state.kind === 'stopped' && next.state.kind !== 'stopped').toBe(false);
          state = next.state;
        }
      }),
      { seed: 20260312 },
    );
  });
});
