import { signal, type ReadonlySignal } from '@preact/signals';
import type { StreamMessage } from '#contract/api';

/** How far what is shown can be believed to be current. */
export type StreamState = 'connecting' | 'live' | 'stale';

export interface LiveStream {
  readonly state: ReadonlySignal<StreamState>;
  /** When something was last known to be current, ms since 1970 by this device; null before the first time. */
  readonly liveUntilMs: ReadonlySignal<number | null>;
  /** Calls back on each message; answers with what stops it. */
  onMessage(listener: (message: StreamMessage) => void): () => void;
  /** Calls back when messages may have been missed, so that lists are read anew. */
  onResume(listener: () => void): () => void;
  close(): void;
}

/** What the stream needs from the browser; tests hand in their own. */
export interface StreamPorts {
  readonly open: (path: string) => EventSource;
  readonly nowMs: () => number;
  readonly every: (periodMs: number, run: () => void) => () => void;
  readonly onWake: (run: () => void) => () => void;
}

const KINDS: Readonly<Record<StreamMessage['kind'], true>> = {
  event: true,
  door: true,
  request: true,
  command: true,
};
/** `EventSource.CLOSED`: the browser has given up, as it does after an answer that is no stream. */
const CLOSED = 2;
const TICK_MS = 5000;
/** A tick that comes this late was slept through: the connection may be dead without knowing it. */
const SLEPT_MS = 20_000;

/**
 * Opens the live stream and keeps it open: the browser reconnects after short breaks, and after a sleep it is
 * opened anew, since a socket that died in the sleep reports nothing.
 * @param onRefused called when the server answers but does not let this listener in
 */
export function openLiveStream(ports: StreamPorts, path: string, onRefused: () => void): LiveStream {
  const state = signal<StreamState>('connecting');
  const liveUntilMs = signal<number | null>(null);
  const listeners = new Set<(message: StreamMessage) => void>();
  const resumers = new Set<() => void>();
  let source: EventSource | null = null;
  let hasBeenLive = false;
  let lastTickMs = ports.nowMs();
  let isClosed = false;

  function connect(): void {
    source?.close();
    if (isClosed) return;
    const opened = ports.open(path);
    source = opened;
    opened.addEventListener('open', () => {
      if (source !== opened) return;
      state.value = 'live';
      liveUntilMs.value = ports.nowMs();
      // What happened during a break is not repeated by the server.
      if (hasBeenLive) for (const resume of resumers) resume();
      hasBeenLive = true;
    });
    opened.addEventListener('error', () => {
      if (source !== opened) return;
      state.value = hasBeenLive ? 'stale' : 'connecting';
      if (opened.readyState === CLOSED) onRefused();
    });
    // The server says so itself where more happened than it remembers.
    opened.addEventListener('missed', () => {
      for (const resume of resumers) resume();
    });
    for (const kind of Object.keys(KINDS)) {
      opened.addEventListener(kind, (event) => {
        liveUntilMs.value = ports.nowMs();
        const message = JSON.parse((event as MessageEvent<string>).data) as StreamMessage;
        for (const listener of listeners) listener(message);
      });
    }
  }

  function wake(): void {
    const slept = ports.nowMs() - lastTickMs > SLEPT_MS;
    lastTickMs = ports.nowMs();
    if (slept && state.value === 'live') state.value = 'stale';
    if (slept || source?.readyState === CLOSED) connect();
    else if (state.value === 'live') liveUntilMs.value = ports.nowMs();
  }

  const stops = [ports.every(TICK_MS, wake), ports.onWake(wake)];
  connect();
  return {
    state,
    liveUntilMs,
    onMessage(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onResume(listener) {
      resumers.add(listener);
      return () => resumers.delete(listener);
    },
    close() {
      isClosed = true;
      source?.close();
      for (const stop of stops) stop();
    },
  };
}
