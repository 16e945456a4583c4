import { useEffect, useState } from 'preact/hooks';

/** Milliseconds since something began to be counted, each second while it is. */
export function useElapsed(isCounting: boolean): number {
  const [elapsedMs, setElapsedMs] = useState(0);
  useEffect(() => {
    if (!isCounting) return undefined;
    const beganMs = performance.now();
    const timer = setInterval(() => setElapsedMs(performance.now() - beganMs), 1000);
    return () => clearInterval(timer);
  }, [isCounting]);
  return elapsedMs;
}
