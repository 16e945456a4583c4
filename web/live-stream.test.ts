import { describe, expect, it } from 'vitest';
import type { StreamMessage } from '#contract/api';
import { openLiveStream } from './live-stream.ts';

/** A stream that the test feeds: what the browser's own does, without a network. */
class FakeSource extends EventTarget {
  readyState = 0;

  opened(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }

  failed(state: number): void {
    this.readyState = state;
    this.dispatchEvent(new Event('error'));
  }

  says(name: string, data: unknown): void {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
  }

  close(): void {
    this.readyState = 2;
  }
}

function world() {
  let nowMs = 1_000_000;
  const sources: FakeSource[] = [];
  const ticks: (() => void)[] = [];
  let refused = 0;
  const stream = openLiveStream(
    {
      open: () => {
        const source = new FakeSource();
        sources.push(source);
        return source as unknown as EventSource;
      },
      nowMs: () => nowMs,
      every: (_periodMs, run) => {
        ticks.push(run);
        return () => ticks.splice(ticks.indexOf(run), 1);
      },
      onWake: () => () => undefined,
    },
    '/api/v1/stream',
    () => {
      refused += 1;
    },
  );
  const newest = (): FakeSource => {
    const source = sources.at(-1);
    if (source === undefined) throw new Error('nothing was opened');
    return source;
  };
  return {
    stream,
    newest,
    opened: () => sources.length,
    refused: () => refused,
    pass: (ms: number) => {
      nowMs += ms;
      for (const tick of ticks.slice()) tick();
    },
    ticking: () => ticks.length,
  };
}

const message: StreamMessage = { kind: 'request', requestId: 'rq_1', state: 'approved' };

describe('live stream', () => {
  it('W16: messages reach who listens, until they stop', () => {
    const { stream, newest } = world();
    const got: StreamMessage[] = [];
    const stop = stream.onMessage((each) => got.push(each));
    newest().opened();
    newest().says('request', message);
    stop();
    newest().says('request', message);
    expect(got).toEqual([message]);
    expect(stream.state.value).toBe('live');
  });

  it('W16: a break is told, and what came meanwhile is read again', () => {
    const { stream, newest } = world();
    let resumed = 0;
    stream.onResume(() => {
      resumed += 1;
    });
    newest().opened();
    expect(resumed).toBe(0);
    newest().failed(0);
    expect(stream.state.value).toBe('stale');
    newest().opened();
    expect(stream.state.value).toBe('live');
    expect(resumed).toBe(1);
    newest().says('missed', {});
    expect(resumed).toBe(2);
  });

  it('W16: after a sleep the stream is opened anew, since a dead socket says nothing', () => {
    const { stream, newest, opened, pass } = world();
    newest().opened();
    pass(5_000);
    expect(opened()).toBe(1);
    expect(stream.state.value).toBe('live');
    pass(60_000);
    expect(opened()).toBe(2);
    expect(stream.state.value).toBe('stale');
    newest().opened();
    expect(stream.state.value).toBe('live');
  });

  it('W16: an old connection has no say any more', () => {
    const { stream, newest, pass } = world();
    const old = newest();
    old.opened();
    pass(60_000);
    newest().opened();
    old.failed(2);
    expect(stream.state.value).toBe('live');
  });

  it('W16: a listener that is turned away asks why, and tries again later', () => {
    const { newest, opened, refused, pass } = world();
    newest().failed(2);
    expect(refused()).toBe(1);
    pass(5_000);
    expect(opened()).toBe(2);
  });

  it('W16: closed is closed', () => {
    const { stream, newest, ticking } = world();
    newest().opened();
    stream.close();
    expect(newest().readyState).toBe(2);
    expect(ticking()).toBe(0);
  });
});
