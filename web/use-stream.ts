import { useEffect, useRef } from 'preact/hooks';
import type { StreamMessage } from '#contract/api';
import { useApp } from './app-state.ts';

/** Calls back on live messages, and when some may have been missed. */
export function useStream(onMessage: (message: StreamMessage) => void, onResume: () => void): void {
  const stream = useApp().stream.value;
  const latest = useRef({ onMessage, onResume });
  latest.current = { onMessage, onResume };
  useEffect(() => {
    if (stream === null) return undefined;
    const stops = [
      stream.onMessage((message) => latest.current.onMessage(message)),
      stream.onResume(() => latest.current.onResume()),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [stream]);
}
