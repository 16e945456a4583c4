import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  NEW_UPLOAD,
  stepUpload,
  type JournalFacts,
  type UploadAnswer,
  type UploadInput,
  type UploadState,
} from './step-upload.ts';

const facts = (changes: Partial<JournalFacts> = {}): JournalFacts => ({
  size: 100,
  acknowledged: 10,
  unreclaimed: 0,
  spareEpoch: 2,
  isOurs: (size, head) => size <= 100 && head === `h${size}`,
  ...changes,
});
const at = (from: number, changes: Partial<UploadState> = {}): UploadState => ({
  ...NEW_UPLOAD,
  from,
  ...changes,
});
const answered = (answer: UploadAnswer): UploadInput => ({ kind: 'answered', answer });
const step = (state: UploadState, answer: UploadAnswer, changes: Partial<JournalFacts> = {}) =>
  stepUpload(state, answered(answer), facts(changes));

describe('stepUpload', () => {
  it('GU1: an acknowledgement with our own hash moves on', () => {
    expect(step(at(10), { kind: 'acknowledged', size: 60, head: 'h60' })).toEqual({
      state: at(60),
      acknowledged: { size: 60, head: 'h60' },
      action: { kind: 'send', from: 60, withCosigned: false },
    });
  });

  it.each(['acknowledged', 'gap'] as const)(
    'GU1, GU4, GU11: %s with another hash ends the epoch at what is known to be held, and notes nothing',
    (kind) => {
      expect(step(at(10), { kind, size: 60, head: 'x' })).toMatchObject({
        acknowledged: null,
        action: { kind: 'open-epoch', epoch: 2, size: 10, why: 'conflict' },
      });
      // More than we have: our own end is missing.
      expect(step(at(10), { kind, size: 200, head: 'h200' })).toMatchObject({
        acknowledged: null,
        action: { kind: 'open-epoch', epoch: 2, size: 10, why: 'tail-lost' },
      });
    },
  );

  it('GU2: after a gap the upload goes back or forth to where the server stands', () => {
    expect(step(at(50, { failures: 3 }), { kind: 'gap', size: 20, head: 'h20' })).toMatchObject({
      state: at(20),
      action: { kind: 'send', from: 20, withCosigned: false },
    });
    expect(step(at(20), { kind: 'gap', size: 50, head: 'h50' })).toMatchObject({ state: at(50) });
  });

  it('GU12: a server that holds less than it acknowledged is shown so until it has caught up', () => {
    const restored = step(at(50), { kind: 'gap', size: 20, head: 'h20' }, { acknowledged: 50 });
    expect(restored.action).toEqual({ kind: 'send', from: 20, withCosigned: true });
    const half = step(restored.state, { kind: 'acknowledged', size: 40, head: 'h40' }, { acknowledged: 50 });
    expect(half.action).toEqual({ kind: 'send', from: 40, withCosigned: true });
    const whole = step(half.state, { kind: 'acknowledged', size: 60, head: 'h60' }, { acknowledged: 50 });
    expect(whole.action).toEqual({ kind: 'send', from: 60, withCosigned: false });
  });

  it('GU3: an answer that moves nothing counts as a failure, or two programs would talk for ever', () => {
    for (const kind of ['acknowledged', 'gap'] as const) {
      expect(step(at(50), { kind, size: 50, head: 'h50' })).toEqual({
        state: at(50, { failures: 1 }),
        acknowledged: null,
        action: { kind: 'rest', how: 'back-off' },
      });
    }
  });

  it.each([
    ['unreachable', 'back-off'],
    ['refused', 'long'],
    ['invalid', 'long'],
  ] as const)('GU3: %s is tried again after a rest: %s', (kind, how) => {
    const failed = step(at(5, { failures: 2 }), { kind });
    expect(failed).toEqual({
      state: at(5, { failures: 3, isDoubted: kind === 'invalid' }),
      acknowledged: null,
      action: { kind: 'rest', how },
    });
    expect(stepUpload(failed.state, { kind: 'woken' }, facts()).action).toMatchObject({
      kind: 'send',
      from: 5,
    });
  });

  it('SM12: what the server can make nothing of twice ends the epoch, once something of it was taken', () => {
    const doubted = step(at(30), { kind: 'invalid' }).state;
    expect(step(doubted, { kind: 'unreachable' }).state.isDoubted).toBe(true);
    expect(step(doubted, { kind: 'acknowledged', size: 40, head: 'h40' }).state.isDoubted).toBe(false);
    expect(step(doubted, { kind: 'invalid' }).action).toEqual({
      kind: 'open-epoch',
      epoch: 2,
      size: 10,
      why: 'storage',
    });
    // Otherwise it would open one epoch after another while a server is wrong about everything.
    const untaken = step(doubted, { kind: 'invalid' }, { acknowledged: 0 });
    expect(untaken.action).toEqual({ kind: 'rest', how: 'long' });
    expect(untaken.state.sealing).toBeNull();
  });

  it('GU4, GU13: a conflict or a fence ends the epoch; without a number for the next one that is asked for first', () => {
    for (const kind of ['conflict', 'fenced'] as const) {
      const sealed = step(at(30), { kind }, { spareEpoch: null });
      expect(sealed.action).toEqual({ kind: 'ask-epoch' });
      const given = stepUpload(sealed.state, { kind: 'epoch-answered', answer: 'given' }, facts());
      expect(given.action).toEqual({ kind: 'open-epoch', epoch: 2, size: 10, why: 'conflict' });
    }
  });

  it('GU13: no number yet: it is asked for again, and nothing of the old epoch is sent', () => {
    const sealed = step(at(30), { kind: 'conflict' }, { spareEpoch: null });
    for (const [answer, how] of [
      ['unreachable', 'back-off'],
      ['refused', 'long'],
    ] as const) {
      const failed = stepUpload(
        sealed.state,
        { kind: 'epoch-answered', answer },
        facts({ spareEpoch: null }),
      );
      expect(failed.action).toEqual({ kind: 'rest', how });
      expect(stepUpload(failed.state, { kind: 'woken' }, facts({ spareEpoch: null })).action).toEqual({
        kind: 'ask-epoch',
      });
    }
    const late = stepUpload(
      sealed.state,
      answered({ kind: 'acknowledged', size: 60, head: 'h60' }),
      facts({ spareEpoch: null }),
    );
    expect(late).toMatchObject({ acknowledged: null, action: { kind: 'ask-epoch' } });
  });

  it('GU14: an epoch of which nothing was taken ends after a long rest, and then keeps nothing where it was', () => {
    const first = step(at(0), { kind: 'conflict' }, { acknowledged: 0 });
    expect(first.action).toEqual({ kind: 'rest', how: 'long' });
    expect(stepUpload(first.state, { kind: 'woken' }, facts({ acknowledged: 0 })).action).toEqual({
      kind: 'open-epoch',
      epoch: 2,
      size: null,
      why: 'conflict',
    });
    const fenced = step(at(0), { kind: 'fenced' }, { acknowledged: 0 });
    expect(stepUpload(fenced.state, { kind: 'woken' }, facts({ acknowledged: 0 })).action).toMatchObject({
      size: 0,
    });
  });

  it('GU15: what is to be reclaimed comes before what is to be sent', () => {
    const started = stepUpload(NEW_UPLOAD, { kind: 'started' }, facts({ acknowledged: 0, unreclaimed: 7 }));
    expect(started.action).toEqual({ kind: 'reclaim' });
    const more = stepUpload(started.state, { kind: 'reclaimed' }, facts({ acknowledged: 0, unreclaimed: 3 }));
    expect(more.action).toEqual({ kind: 'reclaim' });
    const done = stepUpload(more.state, { kind: 'reclaimed' }, facts({ acknowledged: 0 }));
    expect(done.action).toEqual({ kind: 'send', from: 0, withCosigned: false });
  });

  it('GU16: a number for the next epoch is fetched in good days, once a piece of news', () => {
    const idle = facts({ acknowledged: 100, spareEpoch: null });
    const started = stepUpload(NEW_UPLOAD, { kind: 'started' }, idle);
    expect(started.action).toEqual({ kind: 'ask-epoch' });
    const refused = stepUpload(started.state, { kind: 'epoch-answered', answer: 'refused' }, idle);
    expect(refused.action).toEqual({ kind: 'rest', how: 'news' });
    expect(stepUpload(refused.state, { kind: 'woken' }, idle).action).toEqual({ kind: 'ask-epoch' });
    const held = facts({ acknowledged: 100 });
    expect(stepUpload(started.state, { kind: 'epoch-answered', answer: 'given' }, held).action).toEqual({
      kind: 'rest',
      how: 'news',
    });
  });

  it.each(['tail-lost', 'storage'] as const)('GU11: an unsound journal ends its epoch: %s', (why) => {
    expect(stepUpload(at(50), { kind: 'unsound', why }, facts()).action).toEqual({
      kind: 'open-epoch',
      epoch: 2,
      size: 10,
      why,
    });
  });

  it('GU1, GU11: over any answers, what is noted is ours, and an epoch ends at what was noted', () => {
    const answer = fc.oneof(
      fc.record({
        kind: fc.constantFrom('acknowledged' as const, 'gap' as const),
        size: fc.nat(150),
        head: fc.nat(150).map((size) => `h${size}`),
      }),
      fc.record({ kind: fc.constantFrom('conflict', 'fenced', 'invalid', 'refused', 'unreachable') }),
    );
    fc.assert(
      fc.property(fc.array(answer, { maxLength: 30 }), (answers) => {
        let noted = 0;
        let state = stepUpload(NEW_UPLOAD, { kind: 'started' }, facts({ acknowledged: 0 })).state;
        for (const each of answers) {
          const now = facts({ acknowledged: noted });
          const next = stepUpload(state, answered(each as UploadAnswer), now);
          const { acknowledged, action } = next;
          const isOurs =
            acknowledged === null ||
            (now.isOurs(acknowledged.size, acknowledged.head) && next.state.from === acknowledged.size);
          expect(isOurs).toBe(true);
          noted = Math.max(noted, acknowledged?.size ?? 0);
          expect(action.kind !== 'open-epoch' || action.size === null || action.size === noted).toBe(true);
          expect(action.kind !== 'send' || next.state.sealing === null).toBe(true);
          expect(state.sealing !== null && next.state.sealing === null).toBe(false);
          state = next.state;
        }
      }),
      { seed: 20260312 },
    );
  });
});
